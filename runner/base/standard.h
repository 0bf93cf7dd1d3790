/* standard: descriptors 0, 1 and 2 are there before any other is opened. */
#ifndef TARE_STANDARD_H
#define TARE_STANDARD_H

/* Opens /dev/null on each of them that is closed. Otherwise the next file that is opened would be taken for standard
 * input by whatever is started, or messages would be written into it. First thing in main. Returns 0 or a negative
 * errno. */
int standard_open(void);

#endif
