from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, in the imports between script modules too."""

    support_js_module_import_aggregation = True
