"""How a ``put_…`` kernel is called with a message's fields, and what it writes."""

from guarded_memory import GuardedMemory
from messages_of import as_kernel_value, parameters

from schemas.venue.layouts import Message

__all__ = ["write_message"]

MEMORY = GuardedMemory()
TEXTS = GuardedMemory()
FIELD_OF = {"symbol": "stock", "side": "buy_sell_indicator"}  # where a layout has no such field


def write_message(kernel, layout: Message, values: dict) -> bytes:
    """The message as ``kernel`` writes it, in exactly the room it needs.

    A parameter ``…_at`` takes the address of the field's text, one that is an order id the text as
    a number, all others the integers that :func:`as_kernel_value` makes.
    """
    names = {field.name for field in layout.fields}
    wanted = parameters(kernel)
    texts = {}
    for name in wanted:
        if name.endswith("_at"):
            field = layout[name.removesuffix("_at")]
            texts[name] = values[field.name].encode().ljust(field.length)
    address = TEXTS.place(b"".join(texts.values()))
    arguments = []
    for name in wanted:
        if name in texts:
            arguments.append(address)
            address += len(texts[name])
        elif name == "cl_ord_id" or name.endswith("order_token"):
            arguments.append(int(values[name]))
        else:
            field = layout[name if name in names else FIELD_OF[name]]
            arguments.append(as_kernel_value(field, values[field.name]))
    assert kernel(MEMORY.room(layout.length), *arguments) == layout.length
    assert MEMORY.canaries_alive()
    return MEMORY.content()
