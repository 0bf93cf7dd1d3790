// What the package ro-crate finds in a crate, as JSON: node rocrate.js PACKAGE ro-crate-metadata.json FILE...
// No context is fetched: the package brings RO-Crate's own, and of other vocabularies nothing is asked.
const fs = require("fs");
const [library, metadata, ...files] = process.argv.slice(2);
const context = JSON.parse(fs.readFileSync(`${library}/lib/context.json`));
globalThis.fetch = async (url) => ({ok: true, json: async () => /\/ro\/crate\//.test(url) ? context : {"@context": {}}});
const {ROCrate, Validator} = require(library);

(async () => {
  const crate = new ROCrate(JSON.parse(fs.readFileSync(metadata)), {array: true, link: true});
  await crate.resolveContext();
  const validator = new Validator(crate);
  await validator.validate();
  validator.checkFiles(Object.fromEntries(files.map((file) => [file, {exists: true, isDir: false}])));
  const {name, hasPart, mentions} = crate.root;
  console.log(JSON.stringify({
    faults: validator.results.filter((one) => one.status !== "success"),
    passed: validator.results.length,
    name, parts: hasPart.length,
    instruments: mentions.map((action) => action.instrument[0].name[0]),
  }));
})();
