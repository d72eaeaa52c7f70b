// Writes a TypeScript file per JSON Schema: argument 1 names the folder, argument 2 holds {type name: schema file}.
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const [folder, named] = process.argv.slice(2);
// A part without members stands for any JSON value; the generator takes a reference to one for an object.
function withoutEmptyParts(schema) {
  const isEmpty = (place) => typeof place?.$ref === "string" && !Object.keys(schema.$defs[place.$ref.split("/").pop()]).length;
  const kept = (_, place) => (isEmpty(place) ? { tsType: "unknown", ...place, $ref: undefined } : place);
  return JSON.parse(JSON.stringify(schema, kept));
}

const options = { additionalProperties: false, bannerComment: "" };
for (const [name, file] of Object.entries(JSON.parse(named))) {
  const text = await compile({ ...withoutEmptyParts(JSON.parse(readFileSync(file, "utf8"))), title: name }, name, options);
  writeFileSync(`${folder}/${name}.ts`, text);
}
process.stdout.write(JSON.stringify(Object.keys(JSON.parse(named))));
