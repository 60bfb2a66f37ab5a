"""Calls of one kernel from another by its address.

A kernel that calls another is compiled with all of its code once more. Where the callee is long, or is not known when the
caller is compiled (a process that a user adds), the caller takes its address as a number instead: each is compiled once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba import typeof
from numba.core import cgutils, types
from numba.extending import intrinsic


def address_of(kernel: Callable[..., Any], *arguments: Any) -> int:
    """Address of a compiled kernel for arguments of these types; compiles it (or reads it from the cache) if need be."""
    signature = tuple(typeof(argument) for argument in arguments)
    dispatcher: Any = kernel
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def _call(returned: types.Type) -> Callable[..., Any]:
    @intrinsic
    def call(typing_context, address, arguments):  # type: ignore[no-untyped-def]
        """``call(address, (a, b, …))``: what the kernel at this address returns for these arguments."""

        def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
            kinds = list(signature.args[1])
            convention = context.call_conv
            pointer = builder.inttoptr(values[0], convention.get_function_type(returned, kinds).as_pointer())
            _, result = convention.call_function(
                builder, pointer, returned, kinds, cgutils.unpack_tuple(builder, values[1], len(kinds))
            )
            return context.get_dummy_value() if returned is types.void else result

        return returned(types.int64, arguments), generate

    return cast("Callable[..., Any]", call)


_TABLE = types.Array(types.float64, 2, "C")
call_for_number = _call(types.float64)
call_for_tables = _call(cast(Any, types).Tuple((types.float64, types.int64, _TABLE, _TABLE, types.int64, types.int64)))
"""What `scalith.cell.kernels.stepping.run_segment` returns; its tables are counted as those of any call."""
call_for_nothing = _call(types.void)
