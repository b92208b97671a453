// Records how citeproc-js renders the documents of documents.py, for test_styles.py:
//   npm install citeproc; pip install citeproc-py    (it has the locales)
//   python -m tests.qa.quoting.bibliography.test_styles | node record.js STYLES LOCALES > rendered.json
const CSL = require("citeproc");
const fs = require("fs");
const { items, citations, styles } = JSON.parse(fs.readFileSync(0, "utf8"));
const [folder, locales] = process.argv.slice(2);
const byId = Object.fromEntries(items.map((item) => [item.id, item]));
const locale = fs.readFileSync(`${locales}/locales-en-US.xml`, "utf8");
const rendered = {};
for (const [name, file] of Object.entries(styles)) {
  const style = fs.readFileSync(`${folder}/${file}.csl`, "utf8");
  const engine = new CSL.Engine({ retrieveLocale: () => locale, retrieveItem: (id) => byId[id] }, style, "en-US");
  const cited = citations.map((each, at) => ({
    citationID: `c${at}`, citationItems: [each], properties: { noteIndex: at + 1 },
  }));
  rendered[name] = {
    citations: engine.rebuildProcessorState(cited, "html").map((each) => each[2]),
    bibliography: engine.makeBibliography()[1],
  };
}
console.log(JSON.stringify(rendered, null, 1));
