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

NUMBER, INTEGER, NOTHING = types.float64, types.int64, types.void
TABLE = types.Array(types.float64, 2, "C")


def together(*parts: types.Type) -> types.Type:
    """The type of several values that are returned together."""
    made: types.Type = cast(Any, types).Tuple(parts)
    return made


def address_of(kernel: Callable[..., Any], *arguments: Any, returning: types.Type) -> int:
    """Address of a compiled kernel for arguments of these types; compiles it (or reads it from the cache) if need be.

    Parameters
    ----------
    kernel : callable
    *arguments
        Of the types that it is called with.
    returning : numba type
        What those who call it by its address take it to return.

    Raises
    ------
    TypeError
        It returns something else: called by its address, it would be read as what it is not.
    """
    signature = tuple(typeof(argument) for argument in arguments)
    dispatcher: Any = kernel
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    if compiled.signature.return_type != returning:
        name = getattr(kernel, "__name__", str(kernel))
        raise TypeError(f"{name}: returns {compiled.signature.return_type}, expected {returning}")
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def calls_returning(returned: types.Type) -> Callable[..., Any]:
    """A function for kernels, ``call(address, (a, b, …))``, that calls what returns this type."""

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


call_for_number = calls_returning(NUMBER)
call_for_nothing = calls_returning(NOTHING)
