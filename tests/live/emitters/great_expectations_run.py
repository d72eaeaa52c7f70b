"""Runs a suite that fails and an empty one; writes both validation results to the files named by the arguments."""

import json
import sys
from pathlib import Path

import great_expectations as gx
import pandas as pd

failing, empty = map(Path, sys.argv[1:])
context = gx.get_context(mode="ephemeral")
frame = pd.DataFrame({"income": [100, 200, None], "age": [30, 40, 50]})
asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("loans")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
suite = gx.ExpectationSuite("loans")
suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column="income"))
suite.add_expectation(gx.expectations.ExpectColumnValuesToBeBetween(column="age", min_value=18, max_value=90))
failing.write_text(json.dumps(batch.validate(suite).to_json_dict()))
empty.write_text(json.dumps(batch.validate(gx.ExpectationSuite("empty")).to_json_dict()))
