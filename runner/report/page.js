(function () {
    "use strict";
    function key(row, at) {
        var cell = row.cells[at], value = cell.getAttribute("data-v");
        return value === null ? cell.textContent.trim() : parseFloat(value);
    }
    function order(a, b) {
        var numbers = typeof a === "number" && typeof b === "number";
        if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1; /* what is not there comes last */
        return numbers ? a - b : a.localeCompare(b, "en");
    }
    function sort(table, at, head) {
        var down = head.getAttribute("aria-sort") === "ascending", body = table.tBodies[0];
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (x, y) { return (down ? -1 : 1) * order(key(x, at), key(y, at)); });
        rows.forEach(function (row) { body.appendChild(row); });
        Array.prototype.forEach.call(head.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
    }
    document.querySelectorAll("table.sortable").forEach(function (table) {
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, at) {
            var button = document.createElement("button");
            button.type = "button";
            while (head.firstChild) button.appendChild(head.firstChild);
            head.appendChild(button);
            button.addEventListener("click", function () { sort(table, at, head); });
        });
    });
    var form = document.getElementById("filter"), input = document.getElementById("filter-text");
    var status = document.getElementById("filter-status"), all = document.querySelectorAll("[data-cell]");
    var names = {};
    all.forEach(function (one) { /* by its id and by how people call it */
        var label = one.querySelector("th[scope=row], figcaption b"), name = one.getAttribute("data-cell");
        names[name] = (names[name] || name) + " " + (label ? label.textContent.toLowerCase() : "");
    });
    function filter() {
        var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), ids = Object.keys(names);
        var hits = ids.filter(function (id) { return words.every(function (w) { return names[id].indexOf(w) >= 0; }); });
        all.forEach(function (one) { one.hidden = hits.indexOf(one.getAttribute("data-cell")) < 0; });
        status.textContent = words.length ? hits.length + " of " + ids.length + " cells shown" : "";
    }
    form.hidden = false;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    input.addEventListener("input", filter);
    window.addEventListener("beforeprint", function () {
        document.querySelectorAll("details").forEach(function (one) { one.open = true; });
    });
})();
