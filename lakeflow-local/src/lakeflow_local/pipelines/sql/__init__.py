"""Pipeline SQL: statements are read with a cursor and become the declarations of the model.

`declare` alone imports from here.
"""
