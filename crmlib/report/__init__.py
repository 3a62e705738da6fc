"""The report: blocks made once, shown in notebooks, and written as HTML, PDF and Excel."""
