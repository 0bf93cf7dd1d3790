/* version: what this build of tare is; the Makefile gives the commit. */
#ifndef TARE_VERSION_H
#define TARE_VERSION_H

#define TARE_VERSION "0.1.0"

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

#endif
