"""Line numbers: a transform takes a line of an order by its number, so the number is proved.

That a query's line id is what a transform calls ``orderLine`` is documented by integrators
only (netsuite.md sections 5.2, 7.3 and 15 question 9). Before the first transform of an order,
each of its lines is looked for on the order's own record: the line of that number must be of the
same item, quantity and location. In doubt nothing is written, and no other numbering is guessed.
"""
