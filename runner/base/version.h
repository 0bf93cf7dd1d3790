/* version: what this build of tare is; the Makefile gives the commit. */
#ifndef TARE_VERSION_H
#define TARE_VERSION_H

#define TARE_VERSION "0.1.0"

/* As CITATION.cff has them. */
#define TARE_AUTHORS "The tare developers"
#define TARE_LICENSE "GPL-3.0-or-later"

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

#endif
