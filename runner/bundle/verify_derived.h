/* verify_derived: verify's comparisons of a bundle's derived files, its crate and a paper's numbers with what its
 * sources give. Each difference becomes a finding. */
#ifndef TARE_VERIFY_DERIVED_H
#define TARE_VERIFY_DERIVED_H

struct bundle;
struct err;
struct findings;
struct filelist;
struct text;

struct verify_sides {
    const struct bundle *b;
    const struct filelist *payload; /* the bundle's */
    int derived_fd;                 /* an empty folder of ours */
    int root_fd;                    /* the bundle's */
};

/* Derives all anew into derived_fd/data, and adds to the findings each file that is another, is missing, or is none of
 * a bundle; then the bag's own files. What cannot be compared, and why, is a line of the notes. */
int verify_derived(const struct verify_sides *s, struct findings *f, struct text *notes, struct err *e);

/* Holds the digests that the crate gives of the payload's files against theirs: a finding (integrity) each that is
 * another, and each file that is not there. */
void verify_crate(const struct filelist *payload, int data_fd, struct findings *f);

/* Numbers in a LaTeX text that do not come from the bundle's paper/numbers.tex: a finding each (derivation), with the
 * line. -ENOENT and the like (usage): the text cannot be read. */
int verify_paper(const char *path, int data_fd, struct findings *f, struct err *e);

#endif
