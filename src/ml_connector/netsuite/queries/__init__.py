"""SuiteQL: each question that NetSuite is asked, and the rows it answers."""
