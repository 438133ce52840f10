"""What import rules between packages cannot say: no module imports itself by way of others."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp


def test_no_module_imports_itself_by_way_of_others() -> None:
    """A package's own module and those in it count, and so do imports for type checkers only."""
    graph = grimp.build_graph("switchroom", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 200
    TopologicalSorter(imports).prepare()  # CycleError names the modules of a circle
