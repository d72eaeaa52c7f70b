"""The AsyncAPI 3 document of every event: topics, messages with their headers, payload schemas, examples.

Pure: the same catalogue, topics and examples give the same document.

Source: AsyncAPI 3.0.0; CloudEvents 1.0.2, Kafka Protocol Binding.
"""
