"""Files that are no delimited text, and archives that hold one: found out by their content, turned into one table.

The table is UTF-8 with commas, and each of its rows is one line, so that lines are rows of the sheet. Whoever sends a
file is not trusted: the modules `sheets`, `records` and `vcards` run in a child process of bounded memory and time
(`sandbox`, `child`), so they import nothing of the application.
"""
