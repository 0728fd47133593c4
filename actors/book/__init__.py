"""Order and level books: compiled kernels shared by the exchange, the feed and the strategies.

The modules are the public surface; import kernels from them, as ``from actors.book import
order_book``. Two books, for two readers:

* :mod:`actors.book.order_book`: every order, in price-time priority, found by key. The exchange
  matches on it, the feed handler rebuilds it. :mod:`actors.book.book_view` looks at it,
  :mod:`actors.book.integrity` checks it.
* :mod:`actors.book.level_book`: prices and quantities only. A strategy keeps it.

They are made of :mod:`actors.book.price_levels` (sorted ladders) and :mod:`actors.book.order_map`
(key to slot); :mod:`actors.book.ahead` fetches what operations to come will need.
"""

from actors.book import (ahead, book_memory, book_view, integrity, level_book, memory, order_book,
                         order_map, price_levels)

__all__ = ["ahead", "book_memory", "book_view", "integrity", "level_book", "memory", "order_book",
           "order_map", "price_levels"]
