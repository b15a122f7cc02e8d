"""Tasks one after another in one call: the layers of a stream and its output layer, at one step."""

from elman.kernels.emitter import Module
from elman.kernels.floating_point_mode import enter_default_mode, restore_mode


def define_in_turn(module: Module) -> None:
    """Emit `in_turn(calls*)`: for each pair of addresses, `function(arguments, 0)`; a function 0 ends the list.

    The tasks run on the caller's own thread, in the default floating-point mode, as `parallel.run` has them.
    """
    with module.function("in_turn", "calls*", public=True) as body:
        saved = enter_default_mode(body)
        number = body.variable(0)
        with body.repeat_while(lambda: body.calls.int_at(number.get()).differs(0)):
            function, arguments = (body.calls.pointer_at(number.get() + k) for k in range(2))
            body.call(function, arguments, 0)
            number.set(number.get() + 2)
        restore_mode(body, saved)
