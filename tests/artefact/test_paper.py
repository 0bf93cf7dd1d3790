"""`tare verify --paper`: numbers of a LaTeX text that no hand copied, and those that one did."""

import unittest

from bundles import BundleTest, tare

TEXT = r"""\documentclass[11pt]{article}
\usepackage{booktabs}
\input{paper/numbers}
\begin{document}
\section{Results}\label{sec:results-2026}
With 8 workers forkserver costs \input{x12} as much \cite{doe2026}. % 99.9 in a comment
\includegraphics[width=0.75\textwidth]{paper/figures/answer}
We had 16 cores. % tare: given
"""
END = "\\end{document}\n"


class Paper(BundleTest):
    def check(self, line):
        path = self.dir / "main.tex"
        path.write_text(TEXT + line + END)
        said = self.verify(self.packed, "--paper", path, draw=False)
        return said["derivation"]["findings"], path

    def test_a_text_whose_numbers_are_macros_passes(self):
        found, _ = self.check("Threads took \\TareThreadsMean, that is all.\n")
        self.assertEqual(found, [])

    def test_a_hand_typed_number_is_found_with_its_line(self):
        for number in ("2.31", "1,024", "97", "0.5"):
            found, path = self.check(f"Forkserver costs {number} times as much.\n")
            self.assertEqual([f["file"] for f in found], [str(path)])
            self.assertIn(f"line 9: '{number}' is typed by hand", found[0]["text"])

    def test_a_number_behind_a_percent_sign_that_is_escaped_is_read(self):
        found, _ = self.check("It grew by \\% and 12.5 more.\n")
        self.assertEqual(len(found), 1)

    def test_a_text_that_reads_no_numbers_is_told(self):
        path = self.dir / "bare.tex"
        path.write_text("\\begin{document}\nNothing.\n\\end{document}\n")
        found = self.verify(self.packed, "--paper", path, draw=False)["derivation"]["findings"]
        self.assertIn("it does not read numbers.tex", found[0]["text"])

    def test_a_text_that_is_not_there_is_no_verdict(self):
        done = tare("verify", self.packed, "--paper", self.dir / "none.tex")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("none.tex': No such file or directory", done.stderr)


if __name__ == "__main__":
    unittest.main()
