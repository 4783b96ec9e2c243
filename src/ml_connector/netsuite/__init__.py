"""The NetSuite client: sign-in, records, transforms and SuiteQL, typed at the edge."""
