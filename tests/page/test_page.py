"""The page of `tare report` in a browser, and the sample paper with its paper outputs.

A host without Chromium, npm (for axe-core), gnuplot or LaTeX skips what needs them, with the reason.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import browser
import made

sys.path.append(str(Path(__file__).resolve().parents[1] / "artefact"))
import npm  # noqa: E402

AXE = ("axe-core", "4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745")


def axe_source(test):
    """The script; skips the test where it is not to be had."""
    package = npm.package(*AXE)
    if not package:
        test.skipTest("axe-core is not in the cache, and no npm here fetches it (apt-get install npm)")
    return package.extractfile("package/axe.min.js").read().decode()


def refuse_violations(test, sizes, where="document", passes=0):
    """Fails if axe finds a violation in the test's page, or no more than so many rules that it passes."""
    source = axe_source(test)
    for width, dark in sizes:
        with test.subTest(width=width, dark=dark):
            test.browser.open(test.url, width=width, dark=dark)
            test.browser.run(source + ";0")
            found = test.browser.run(f"""axe.run({where}, {{resultTypes: ["violations"]}}).then(result => ({{
                passes: result.passes.length, violations: result.violations.map(v => [v.id, v.help,
                v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])}}))""")
            test.assertEqual(found["violations"], [])
            test.assertGreater(found["passes"], passes)


def setUpModule():
    global MADE
    if not shutil.which("gnuplot"):
        raise unittest.SkipTest("no gnuplot here draws the figures (apt-get install gnuplot-nox)")
    MADE = made.Made()
    unittest.addModuleCleanup(MADE.close)


class Report(unittest.TestCase):
    """What `tare report` writes and says."""

    def test_the_page_is_the_same_on_another_path_zone_locale_and_umask(self):
        first, second = MADE.copy("first"), MADE.copy("second one")
        done = made.tare("report", first)
        self.assertEqual((done.returncode, done.stdout), (0, f"{first}/report.html\n"), done.stderr)
        old = os.umask(0o077)
        try:
            done = made.tare("report", second, TZ="Asia/Tokyo", LC_ALL="de_DE.UTF-8", SOURCE_DATE_EPOCH="1234567890")
        finally:
            os.umask(old)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((first / "report.html").read_bytes(), (second / "report.html").read_bytes())

    def test_without_gnuplot_the_page_has_the_data_and_says_so(self):
        folder, tools = MADE.copy("bare"), MADE.folder / "bin"
        tools.mkdir()
        for word in ("sh", "env"):
            (tools / word).symlink_to(shutil.which(word))
        done = made.tare("report", folder, PATH=str(tools))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no gnuplot", done.stderr)
        page = (folder / "report.html").read_text()
        self.assertIn("there was no gnuplot", page)
        self.assertNotIn('<svg role="img"', page)
        self.assertIn('<svg class="bar"', page)
        done = made.tare("report", folder, "--paper", MADE.folder / "none", PATH=str(tools))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertFalse((MADE.folder / "none").exists())
        self.assertEqual([p.name for p in MADE.folder.glob("none*")], [])

    def test_a_paper_folder_that_is_not_empty_is_refused_and_kept(self):
        folder = MADE.folder / "mine"
        folder.mkdir()
        (folder / "thesis.tex").write_text("years of work")
        done = made.tare("report", MADE.records, "--text", "--paper", folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a new folder or an empty one", done.stderr)
        self.assertEqual([p.name for p in folder.iterdir()], ["thesis.tex"])
        self.assertEqual([p.name for p in MADE.folder.glob("mine*")], ["mine"])

    def test_records_by_name_have_no_place_for_a_page(self):
        record = next(MADE.records.glob("0001-*.json"))
        done = made.tare("report", record)
        self.assertEqual(done.returncode, 2)
        self.assertIn("-o FILE", done.stderr)
        done = made.tare("report", record, "-o", MADE.folder / "one.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((MADE.folder / "one.html").read_text().startswith("<!DOCTYPE html>"))

    def test_each_format_is_printed(self):
        for word, begin in (("text", "Time of an iteration\n"), ("csv", "id,"), ("md", "## The answer"), ("tex", "%"), ("json", "{")):
            with self.subTest(word):
                done = made.tare("report", MADE.records, "--format", word)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout[: len(begin)], begin)
                self.assertGreater(len(done.stdout), 500)


class Waiting(unittest.TestCase):
    def test_what_an_earlier_page_says_late_is_not_taken_for_this_ones(self):
        def load(loader):
            return {"method": "Page.lifecycleEvent", "params": {"name": "load", "loaderId": loader}}

        one = browser.Browser.__new__(browser.Browser)
        one.timeout, one.events = 60, [{"method": "Page.loadEventFired", "params": {}}, load("earlier")]
        coming = [load("earlier"), load("this"), load("later")]
        one._receive = lambda until: coming.pop(0)
        one.wait_for_load("this")
        self.assertEqual(coming, [load("later")])


class InBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        path = browser.find()
        if not path:
            raise unittest.SkipTest("no Chromium here opens the page (apt-get install chromium)")
        done = made.tare("report", MADE.records)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.url = (MADE.records / "report.html").as_uri()
        cls.browser = browser.Browser(path)
        cls.addClassCleanup(cls.browser.close)

    def test_it_opens_without_a_message_and_asks_for_nothing(self):
        self.browser.open(self.url)
        self.browser.run("new Promise(done => setTimeout(done, 300))")
        self.assertEqual(self.browser.messages, [])
        self.assertEqual([url.split("#")[0] for url in self.browser.requests], [self.url])

    def test_every_figure_is_there_and_has_a_text_alternative(self):
        self.browser.open(self.url)
        figures = self.browser.run("""[...document.querySelectorAll("figure")].map(figure => {
            const svg = figure.querySelector("svg[role=img]");
            const said = svg ? svg.getAttribute("aria-labelledby").split(" ").map(id => document.getElementById(id)) : [];
            return {id: figure.id, width: svg ? svg.getBoundingClientRect().width : 0,
                    marks: svg ? svg.querySelectorAll("path, use, polygon").length : 0,
                    said: said.map(one => one ? one.textContent : ""), caption: figure.querySelector("figcaption").textContent,
                    rows: figure.querySelectorAll("details tr").length};
        })""")
        self.assertEqual(self.browser.run("""document.querySelectorAll("svg [fill='#ffffff']").length"""), 0, "white in the dark")
        ids = {figure["id"] for figure in figures}
        for name in ("answer", "time", "memory", "scaling-time", "scaling-speed-up"):
            self.assertIn(f"figure-{name}", ids)
        for kind, count in (("iterations-", 4), ("series-", 4), ("memory-", 2)):
            self.assertEqual(len([i for i in ids if i.startswith(f"figure-{kind}")]), count, kind)
        for figure in figures:
            with self.subTest(figure["id"]):
                self.assertGreater(figure["width"], 300)
                self.assertGreater(figure["marks"], 10)
                self.assertEqual(len(figure["said"]), 2)
                self.assertTrue(all(len(text) > 15 for text in figure["said"]), figure["said"])
                self.assertGreater(figure["rows"], 1)

    def test_axe_finds_no_violation(self):
        refuse_violations(self, ((1280, False), (768, False), (390, False), (1280, True), (390, True)), passes=20)

    def test_axe_would_find_one(self):
        source = axe_source(self)
        self.browser.open(self.url)
        self.browser.run(source + "; document.querySelector('svg[role=img]').removeAttribute('aria-labelledby'); "
                         "document.querySelectorAll('svg > title').forEach(t => t.remove()); 0")
        found = self.browser.run("axe.run().then(result => result.violations.map(v => v.id))")
        self.assertIn("svg-img-alt", found)

    def test_a_narrow_screen_scrolls_down_alone(self):
        for width in (390, 768, 1280):
            self.browser.open(self.url, width=width)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)

    def test_every_figure_and_every_bar_fits_a_telephone_and_can_be_read_there(self):
        self.browser.open(self.url, width=390)
        figures = self.browser.run("""[...document.querySelectorAll("figure svg")].map(svg => ({
            id: svg.closest("figure").id, left: svg.getBoundingClientRect().left, right: svg.getBoundingClientRect().right,
            text: Math.min(...[...svg.querySelectorAll("text")].map(t => t.getBoundingClientRect().height)
                           .filter(h => h > 0))}))""")
        self.assertGreater(len(figures), 10)
        for figure in figures:
            with self.subTest(figure["id"]):
                self.assertGreaterEqual(figure["left"], 0)
                self.assertLessEqual(figure["right"], 390)
                self.assertGreaterEqual(figure["text"], 10)
        cells = self.browser.run("""[...document.querySelectorAll("table.bars tbody :is(th, td, svg)")].map(one => one.getBoundingClientRect())
            .map(box => [box.left, box.right])""")
        self.assertGreater(len(cells), 20)
        self.assertEqual([box for box in cells if box[0] < 0 or box[1] > 390], [])

    def test_the_answer_begins_with_a_bar_for_each_cell_as_long_as_its_figure(self):
        self.browser.open(self.url)
        order = self.browser.run("""[...document.querySelectorAll("#answer > *")].map(one => one.className || one.localName)""")
        self.assertEqual(order[:4], ["h2", "bars", "bars", "h3"])
        rows = self.browser.run("""[...document.querySelectorAll("table.bars")].map(table => [...table.tBodies[0].rows].map(row => ({
            cell: row.dataset.cell, bar: row.querySelector("rect").getBoundingClientRect().width, value: parseFloat(row.cells[2].textContent),
            room: row.querySelector("svg").getBoundingClientRect().width, interval: row.querySelector("path")?.getBoundingClientRect().width ?? 0,
            said: row.cells[3].textContent})))""")
        self.assertEqual([len(table) for table in rows], [4, 2])
        for table in rows:
            longest = max(row["bar"] / row["value"] for row in table)
            for row in table:
                with self.subTest(row["cell"]):
                    self.assertAlmostEqual(row["bar"] / row["value"] / longest, 1, delta=0.05)
                    self.assertLessEqual(row["bar"], row["room"] + 1)
                    self.assertGreater(row["interval"], 0, f"no interval: {row['said']}")
                    self.assertTrue(row["said"])

    def test_ids_are_unique(self):
        self.browser.open(self.url)
        twice = self.browser.run("""(() => { const seen = new Set(), twice = [];
            document.querySelectorAll("[id]").forEach(one => { if (seen.has(one.id)) twice.push(one.id); seen.add(one.id); });
            return twice; })()""")
        self.assertEqual(twice, [])

    def test_a_head_sorts_its_table_both_ways_by_keyboard(self):
        self.browser.open(self.url)
        column = """[...document.querySelector("#table-time").parentNode.tBodies[0].rows].map(r => +r.cells[2].dataset.v)"""
        self.browser.run("""document.querySelector("#table-time").parentNode.tHead.rows[0].cells[2].firstChild.focus()""")
        seen = []
        for _ in range(2):
            for kind in ("keyDown", "keyUp"):
                self.browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r" if kind == "keyDown" else "",
                                  windowsVirtualKeyCode=13)
            seen.append(self.browser.run(column))
        self.assertEqual(seen[0], sorted(seen[0]))
        self.assertEqual(seen[1], sorted(seen[0], reverse=True))
        self.assertEqual(self.browser.run("""document.querySelector("#table-time").parentNode.querySelector("[aria-sort]").getAttribute("aria-sort")"""),
                         "descending")

    def test_a_filter_leaves_the_cells_that_it_names(self):
        self.browser.open(self.url)
        self.browser.run("""(() => { const i = document.getElementById("filter-text"); i.value = "threads memory";
            i.dispatchEvent(new Event("input")); })()""")
        shown = self.browser.run("""[...document.querySelectorAll("[data-cell]")].filter(one => one.offsetParent !== null)
            .map(one => one.dataset.cell)""")
        self.assertTrue(shown)
        self.assertEqual(set(shown), {"threads-native-memory"})
        self.assertEqual(self.browser.run("document.getElementById('filter-status').textContent"), "1 of 6 cells shown")

    def test_it_is_all_there_without_a_script(self):
        self.browser.open(self.url, script=False)
        root = self.browser.call("DOM.getDocument")["root"]["nodeId"]

        def count(selector):
            return len(self.browser.call("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])

        self.assertGreaterEqual(count("figure svg"), 12)
        self.assertGreaterEqual(count("section table"), 7)
        self.assertEqual(count("form:not([hidden])"), 0)
        self.assertEqual(count("th button"), 0)

    def test_it_prints(self):
        self.browser.open(self.url)
        pdf = self.browser.pdf()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(len(pdf), 50000)

    def test_screenshots_are_kept_for_the_eye(self):
        made.LOGS.mkdir(parents=True, exist_ok=True)
        for width, dark in ((1280, False), (768, False), (390, False), (1280, True), (390, True)):
            path = made.LOGS / f"page-{width}{'-dark' if dark else ''}.png"
            self.browser.open(self.url, width=width, dark=dark)
            self.browser.screenshot(path)
            self.assertGreater(path.stat().st_size, 50000)


# What a program may call its functions and files; a page in which any of it were a tag would say so.
HOSTILE = ["</text></svg><script>document.title = 'taken'</script>", '"><img src=x onerror="document.title = 1">', "\u202eevil", "w" * 3000]


def why_of(record: dict) -> dict:
    """A record of --why beside this one, as a hostile program would have it."""
    cause = {"id": "thread_lock", "title": "a lock of the program (threading.Lock, RLock)", "lost_ns": 7 * 10**8, "cpu_ns": 10**6, "count": 900,
             "wait_p50_ns": 2.5e6, "wait_p95_ns": 3.5e6, "function_share": 1.0, "remedy": "hold it shorter", "source": "https://docs.python.org/3/"}
    causes = [{**cause, "share": 0.875 / len(HOSTILE), "function": name, "file": f"/tmp/{name}.py", "line": 7, "path": f"{name} < lock_enter"} for name in HOSTILE]
    leaves = [{"name": name, "place": "c", "ns": 20, "lost_ns": 5 * i, "calls": []} for i, name in enumerate(HOSTILE)]
    tree = {"name": "lock_enter", "place": "c", "ns": 80, "lost_ns": 30, "calls": leaves}
    for name in (*HOSTILE, "work", "run"):
        tree = {"name": name, "place": "python", "file": f"{name}.py", "ns": 100, "lost_ns": 30, "calls": [tree]}
    times = {"thread_ns": 10**9, "own_ns": 10**8, "lost_ns": 8 * 10**8, "unattributed_ns": 10**8, "runnable_ns": 10**8, "idle_ns": 1}
    return {"schema": "tare.why/1", "id": "another", "of": record["id"], "workers": 2, "iterations": 9, "slowdown": 1.3, "verdict": "thread_lock",
            "times": times, "causes": causes, "unattributed_path": "x", "flame": {"ns": 100, "lost_ns": 30, "calls": [tree]}, "probes": [],
            "samples": 900, "python_share": 0.9, "events": 5, "lost_events": 0, "page_faults": 3, "without_symbols": ""}


class Causes(unittest.TestCase):
    """The section of what --why found, in a browser."""

    @classmethod
    def setUpClass(cls):
        path = browser.find()
        if not path:
            raise unittest.SkipTest("no Chromium here opens the page (apt-get install chromium)")
        folder = MADE.copy("explained")
        record = next(folder.glob("0001-*threads*.json"))
        record.with_suffix(".why.json").write_text(json.dumps(why_of(json.loads(record.read_text()))))
        done = made.tare("report", folder)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.url = (folder / "report.html").as_uri()
        cls.browser = browser.Browser(path)
        cls.addClassCleanup(cls.browser.close)

    def test_no_name_of_a_program_is_more_than_a_text(self):
        self.browser.open(self.url)
        self.browser.run("new Promise(done => setTimeout(done, 300))")
        self.assertEqual(self.browser.messages, [])
        self.assertEqual(len(self.browser.requests), 1)
        self.assertIn("what concurrency costs", self.browser.run("document.title"))
        self.assertEqual(self.browser.run("document.querySelectorAll('#why img, #why script').length"), 0)
        self.assertIn(HOSTILE[0], self.browser.run("document.querySelector('#why table').textContent"))
        self.assertNotIn(HOSTILE[2], self.browser.run("document.getElementById('why').textContent"))

    def test_each_box_of_the_flame_graph_is_as_wide_as_its_share_and_above_its_caller(self):
        for width in (1280, 390):
            self.browser.open(self.url, width=width)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
            boxes = self.browser.run("""[...document.querySelectorAll("svg.flame > svg")].map(box => {
                const at = box.getBoundingClientRect(), text = box.querySelector("text"), rects = box.querySelectorAll("rect");
                return {left: rects[0].getBoundingClientRect().left, width: rects[0].getBoundingClientRect().width,
                        top: rects[0].getBoundingClientRect().top, said: box.querySelector("title").textContent,
                        lost: rects[1] ? rects[1].getBoundingClientRect().width : 0,
                        size: text ? parseFloat(getComputedStyle(text).fontSize) : 99}})""")
            whole = self.browser.run("document.querySelector('svg.flame').getBoundingClientRect().width")
            self.assertEqual(len(boxes), 7 + len(HOSTILE))
            self.assertTrue(all(box["size"] >= 11 for box in boxes))
            for box in boxes:
                share = float(re.search(r": ([\d.]+) % of the time", box["said"])[1]) / 100
                lost = float(re.search(r", ([\d.]+) % of it lost", box["said"])[1]) / 100
                self.assertAlmostEqual(box["width"], share * whole, delta=2)
                self.assertAlmostEqual(box["lost"], lost * share * whole, delta=2 + 0.005 * share * whole)  # it is said in whole %
            self.assertEqual([box["top"] for box in boxes[:7]], sorted((box["top"] for box in boxes[:7]), reverse=True))
            leaves = boxes[7:]
            self.assertEqual(len({box["top"] for box in leaves}), 1)
            self.assertEqual([round(box["left"] - leaves[0]["left"]) for box in leaves], [round(i * 0.2 * whole) for i in range(len(leaves))])

    def test_axe_finds_no_violation(self):
        refuse_violations(self, ((1280, False), (390, True)), where='"#why"')

    def test_screenshots_are_kept_for_the_eye(self):
        made.LOGS.mkdir(parents=True, exist_ok=True)
        for width, dark in ((1280, False), (390, False), (1280, True)):
            path = made.LOGS / f"page-why-{width}{'-dark' if dark else ''}.png"
            self.browser.open(self.url, width=width, dark=dark)
            top, height = self.browser.run("(box => [box.top + scrollY, box.height])(document.getElementById('why').getBoundingClientRect())")
            self.browser.screenshot(path, top, height)
            self.assertGreater(path.stat().st_size, 10000)


class Pool(unittest.TestCase):
    """The page of `tare pool`, of a reproduction that was run here."""

    CLAIMS = """\
schema: tare.claims/1
claims:
  - {id: C1, text: a second worker costs something, ratio: {of: C-overhead-workers=2, to: C-overhead-workers=1, figure: avg_iter_s}, expect: {min: 0.01}}
  - {id: C2, text: it is small, bound: {of: C-memory, figure: pss_bytes}, expect: {max: 100000000}}
"""

    @classmethod
    def setUpClass(cls):
        path = browser.find()
        if not path:
            raise unittest.SkipTest("no Chromium here opens the page (apt-get install chromium)")
        claims, bundle, again, page = (MADE.folder / name for name in ("claims.yml", "pool.tar", "again", "pool.html"))
        claims.write_text(cls.CLAIMS.replace(" C-", " scenario1-threads-native-"))
        for words in (["pack", MADE.records, "--claims", claims, "-o", bundle], ["reproduce", bundle, "--smoke", "--out", again],
                      ["pack", again, "-o", again.with_suffix(".tar")], ["pool", bundle, again.with_suffix(".tar"), "-o", page]):
            done = made.tare(*words)
            if done.returncode not in (0, 1):
                raise RuntimeError(done.stderr)
        cls.url = page.as_uri()
        cls.browser = browser.Browser(path)
        cls.addClassCleanup(cls.browser.close)

    def test_a_narrow_screen_scrolls_down_alone_and_its_figures_can_be_read(self):
        for width in (390, 768, 1280):
            self.browser.open(self.url, width=width)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
            texts = self.browser.run("""[...document.querySelectorAll("figure svg text")].map(t => t.getBoundingClientRect().height)
                .filter(h => h > 0)""")
            self.assertGreater(len(texts), 10)
            self.assertGreaterEqual(min(texts), 10)
        self.assertEqual(self.browser.messages, [])
        self.assertEqual(self.browser.run("document.querySelectorAll('figure svg').length"), 2)

    def test_no_number_of_an_axis_lies_upon_another(self):
        self.browser.open(self.url, width=390)
        upon = self.browser.run("""[...document.querySelectorAll("figure svg")].flatMap(svg => {
            const boxes = [...svg.querySelectorAll("text")].filter(t => /^[-+.e0-9]+$/.test(t.textContent.trim()))
                .map(t => [t.textContent.trim(), t.getBoundingClientRect()]);
            return boxes.flatMap(([a, x], i) => boxes.slice(i + 1).filter(([b, y]) => x.left < y.right && y.left < x.right &&
                x.top < y.bottom && y.top < x.bottom).map(([b]) => [a, b]))})""")
        self.assertEqual(upon, [])

    def test_axe_finds_no_violation(self):
        refuse_violations(self, ((1280, False), (390, True)))


class Packages(unittest.TestCase):
    def test_what_the_paper_takes_is_installed_where_the_long_tests_run(self):
        """Where it is not, the paper is skipped, and a table that LaTeX refuses is found by an author."""
        groups = re.search(r"(?m)^test-long:.*\n\t@scripts/setup (.*)$", (made.TOP / "Makefile").read_text())[1].split()
        done = subprocess.run([made.TOP / "scripts/setup", "--print", *groups], capture_output=True, text=True, check=True)
        reasons = Path(__file__).read_text().partition("\nclass Paper(")[2]
        named = {package for packages in re.findall(r"apt-get install ([\w -]+)\)", reasons) for package in packages.split()}
        self.assertGreater(len(named), 1)
        self.assertEqual(named - set(done.stdout.split()), set())


class Paper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("pdflatex"):
            raise unittest.SkipTest("no pdflatex here (apt-get install texlive-latex-recommended texlive-pictures)")
        for style in ("booktabs.sty", "longtable.sty", "pgfplots.sty"):
            if not subprocess.run(["kpsewhich", style], capture_output=True, check=False).stdout:
                raise unittest.SkipTest(f"LaTeX has no {style} here (apt-get install texlive-latex-recommended texlive-pictures)")
        cls.paper = MADE.folder / "paper"
        done = made.tare("report", MADE.records, "--text", "--paper", cls.paper)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def compile(self, text):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self.paper, Path(folder) / "paper")
            (Path(folder) / "sample.tex").write_text(text)
            done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "sample.tex"],
                                  cwd=folder, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=False)
            pdf = Path(folder) / "sample.pdf"
            words = None
            if pdf.exists() and shutil.which("pdftotext"):
                words = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
            return done.returncode, done.stdout, words

    def test_the_sample_paper_compiles_and_holds_the_figures(self):
        sample = (made.HERE / "sample.tex").read_text()
        status, log, words = self.compile(sample)
        self.assertEqual(status, 0, log[-3000:])
        self.assertNotIn("Undefined control sequence", log)
        self.assertNotIn("File `paper", log)
        numbers = dict(re.findall(r"\\newcommand{\\(tare\w+)}{([^\\}]*)}", (self.paper / "numbers.tex").read_text()))
        used = set(re.findall(r"\\(tare[A-Z]\w+)", sample))
        self.assertGreater(len(used), 4)
        for macro in used:
            self.assertIn(macro, numbers)
            if words is not None:
                self.assertIn(numbers[macro], words)

    def test_a_macro_that_is_not_there_is_an_error_and_an_absent_figure_a_warning(self):
        sample = (made.HERE / "sample.tex").read_text()
        status, log, _ = self.compile(sample.replace(r"\tareCells", r"\tareCellsOfNobody"))
        self.assertNotEqual(status, 0)
        self.assertIn("Undefined control sequence", log)
        absent = re.search(r"\\newcommand{\\(tare\w+)}{\\tareAbsent", (self.paper / "numbers.tex").read_text())
        self.assertTrue(absent)
        status, log, _ = self.compile(sample.replace(r"\tareCells", "\\" + absent[1]))
        self.assertEqual(status, 0, log[-2000:])
        self.assertIn("Package tare Warning", log)

    def test_every_table_compiles(self):
        names = sorted(path.name for path in (self.paper / "tables").glob("*.tex"))
        self.assertGreaterEqual(len(names), 8)
        body = "\n\n".join(r"\input{paper/tables/" + name + "}" for name in names)
        status, log, _ = self.compile(r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{textcomp,booktabs,longtable}"
                                      r"\begin{document}\tiny " + body + r"\end{document}")
        self.assertEqual(status, 0, log[-3000:])


if __name__ == "__main__":
    unittest.main()
