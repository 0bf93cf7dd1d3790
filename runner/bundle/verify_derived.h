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

/* Derives all files again into derived_fd/data. Each file that differs, is missing or does not belong to a bundle is a
 * finding; then the bag's own files. Appends to notes, one per line, what cannot be compared and why. */
int verify_derived(const struct verify_sides *s, struct findings *f, struct text *notes, struct err *e);

/* Compares the digests in the crate with the payload's files. Each difference and each missing file is a finding
 * (integrity). */
void verify_crate(const struct filelist *payload, int data_fd, struct findings *f);

/* Finds numbers in a LaTeX text that do not come from the bundle's paper/numbers.tex: each is a finding (derivation)
 * with its line. -ENOENT and the like (usage): the text cannot be read. */
int verify_paper(const char *path, int data_fd, struct findings *f, struct err *e);

#endif
