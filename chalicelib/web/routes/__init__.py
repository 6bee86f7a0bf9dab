"""The routes of the site: one Blueprint a module, one function a route."""
