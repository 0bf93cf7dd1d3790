/* The style and the script, as they lie beside this file; the paths are below the folder in which make runs. */

#define ASSET(name, path)                                                                                              \
    __asm__(".section .rodata\n.global " #name "\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.previous\n")

ASSET(page_css, "runner/report/page.css");
ASSET(page_js, "runner/report/page.js");
