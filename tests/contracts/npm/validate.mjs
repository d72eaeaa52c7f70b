// Holds data against JSON Schemas with another implementation: the file of argument 1 is [{schema, data}], both paths.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const ajv = addFormats(new Ajv2020({ strict: false, addUsedSchema: false }));
const validators = new Map();

function refusal({ schema, data }) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile(read(schema)));
  const validate = validators.get(schema);
  return validate(read(data).data) ? null : ajv.errorsText(validate.errors);
}

process.stdout.write(JSON.stringify(read(process.argv[2]).map(refusal)));
