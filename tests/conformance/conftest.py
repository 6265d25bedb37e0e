import pytest

pytest.register_assert_rewrite("examroom")  # its asserts tell as much as those of a test
