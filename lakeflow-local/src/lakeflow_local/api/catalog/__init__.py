"""Unity Catalog: catalogs, schemas, volumes, tables and grants, over the folders in which runs keep their data.

The application imports the calls; `api.volumes`, `api.pipelines` and the page import `places` and `tables`.
"""
