# SPDX-License-Identifier: MIT
"""One call of every tool, in an order in which each has what it needs.

`tool` is a function that calls one, by which ids and addresses are had; `pid` is of a
process without an agent.
"""


def every_tool(tool, report_id, pid):
    """Return a call of every tool there is."""
    other = tool("what_is_leaking")["report_id"]
    address = tool("get_finding", report_id=report_id)["piles_up_in"]["address"]
    of = {"report_id": report_id}
    return [
        ("list_processes", {}),
        ("get_process", {}),
        ("what_is_leaking", {}),
        ("what_grew", {}),
        ("who_holds", {"type": "Session"}),
        ("what_does_it_retain", {"address": address}),
        ("biggest_retainers", {}),
        ("count_types", {}),
        ("memory_anatomy", {}),
        ("what_is_garbage", {}),
        ("what_native_code_holds", {}),
        ("start_monitoring", {"max_object_lifetime": "5m"}),
        ("stop_monitoring", {}),
        ("list_reports", {}),
        ("get_report", of),
        ("get_finding", of),
        ("get_report_types", of),
        ("get_report_objects", of),
        ("compare_reports", {"before": report_id, "after": other}),
        ("where_in_source", of),
        ("draw_finding", {**of, "format": "png"}),
        ("attach_process", {"pid": pid}),
        ("detach_process", {"target": str(pid)}),
    ]
