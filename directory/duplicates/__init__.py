"""Services that are listed twice: found by place, name and number, compared side by side, merged by hand, and undone."""
