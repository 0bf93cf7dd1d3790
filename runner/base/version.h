/* version: version, authors and licence of this build; the Makefile gives the commit. */
#ifndef TARE_VERSION_H
#define TARE_VERSION_H

#define TARE_VERSION "0.1.0"

/* The same as in CITATION.cff. */
#define TARE_AUTHORS "The tare developers"
#define TARE_LICENSE "GPL-3.0-or-later"
/* repository-code; "": it names none. */
#define TARE_SOURCE_URL ""

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

#endif
