# SPDX-License-Identifier: MIT
"""Iterators and other lazy objects of the language and of itertools."""

from holders import holder


def callable_of(held):
    """Make an object callable and return it."""
    type(held).__call__ = lambda self, *args: args
    return held


def giving(held):
    """Return an iterator that gives one object and keeps nothing of it."""
    return iter([held].pop, None)


# -- views and iterators of dicts --------------------------------------------------------


@holder("iterators.dict_keys.kept.mapping['k']")
def dict_keys(held):
    """The dict behind a view of its keys"""
    dict_keys.kept = {"k": held}.keys()


@holder("iterators.dict_values.kept.mapping['k']")
def dict_values(held):
    """The dict behind a view of its values"""
    dict_values.kept = {"k": held}.values()


@holder("iterators.dict_items.kept.mapping.keys()[*]")
def dict_items(held):
    """The dict behind a view of its items"""
    dict_items.kept = {held: 1}.items()


@holder("iterators.dict_key_iterator.kept.dict['k']")
def dict_key_iterator(held):
    """The dict behind an iterator over its keys"""
    dict_key_iterator.kept = iter({"k": held})


@holder("iterators.dict_value_iterator.kept.dict['k']")
def dict_value_iterator(held):
    """The dict behind an iterator over its values"""
    dict_value_iterator.kept = iter({"k": held}.values())


@holder("iterators.dict_item_iterator.kept.dict['k']")
def dict_item_iterator(held):
    """The dict behind an iterator over its items"""
    dict_item_iterator.kept = iter({"k": held}.items())


@holder("iterators.dict_reversed.kept.dict['k']")
def dict_reversed(held):
    """The dict behind an iterator over its values backwards"""
    dict_reversed.kept = reversed({"k": held}.values())


@holder("iterators.ordered_values.kept.mapping['k']")
def ordered_values(held):
    """The OrderedDict behind a view of its values"""
    from collections import OrderedDict

    ordered_values.kept = OrderedDict(k=held).values()


@holder("iterators.ordered_iterator.kept.odict['k']")
def ordered_iterator(held):
    """The OrderedDict behind an iterator over its items"""
    from collections import OrderedDict

    ordered_iterator.kept = iter(OrderedDict(k=held).items())


# -- iterators of sequences and sets -----------------------------------------------------


@holder("iterators.list_iterator.kept.sequence[0]")
def list_iterator(held):
    """The list behind its iterator"""
    list_iterator.kept = iter([held])


@holder("iterators.list_reversed.kept.sequence[0]")
def list_reversed(held):
    """The list behind its iterator backwards"""
    list_reversed.kept = reversed([held])


@holder("iterators.tuple_iterator.kept.sequence[0]")
def tuple_iterator(held):
    """The tuple behind its iterator"""
    tuple_iterator.kept = iter((held,))


@holder("iterators.set_iterator.kept.set{*}")
def set_iterator(held):
    """The set behind its iterator"""
    set_iterator.kept = iter({held})


@holder("iterators.deque_iterator.kept.deque[0]")
def deque_iterator(held):
    """The deque behind its iterator"""
    from collections import deque

    deque_iterator.kept = iter(deque([held]))


@holder("iterators.deque_reversed.kept.deque[0]")
def deque_reversed(held):
    """The deque behind its iterator backwards"""
    from collections import deque

    deque_reversed.kept = reversed(deque([held]))


@holder("iterators.str_iterator.kept.sequence")
def str_iterator(held):
    """The string behind its iterator"""
    text = type(type(held).__name__, (str,), {"__module__": "held"})
    str_iterator.kept = str.__iter__(text("abc"))


@holder("iterators.memory_iterator.kept.sequence.obj")
def memory_iterator(held):
    """What the memoryview behind an iterator looks into"""
    made = type(type(held).__name__, (bytearray,), {"__module__": "held"})
    memory_iterator.kept = iter(memoryview(made(3)))


@holder("iterators.sequence_iterator.kept.sequence")
def sequence_iterator(held):
    """What is iterated by its __getitem__"""
    type(held).__getitem__ = lambda self, i: i
    sequence_iterator.kept = iter(held)


@holder("iterators.sequence_reversed.kept.sequence")
def sequence_reversed(held):
    """What reversed goes through by __getitem__"""
    type(held).__getitem__ = lambda self, i: i
    type(held).__len__ = lambda self: 3
    sequence_reversed.kept = reversed(held)


@holder("iterators.callable_iterator.kept.callable")
def callable_iterator(held):
    """What iter(callable, sentinel) calls"""
    callable_iterator.kept = iter(callable_of(held), None)


@holder("iterators.sentinel.kept.sentinel")
def sentinel(held):
    """The sentinel of iter(callable, sentinel)"""
    sentinel.kept = iter(int, held)


@holder(gone=True)
def range_bound(held):
    """A range makes plain numbers of its bounds"""
    number = type(type(held).__name__, (int,), {"__module__": "held"})
    range_bound.kept = range(number(5)), iter(range(number(7)))


# -- zip, map, filter, enumerate ---------------------------------------------------------


@holder("iterators.zip_source.kept.iterators[0].sequence[0]")
def zip_source(held):
    """What zip takes from"""
    zip_source.kept = zip([held])


@holder("iterators.zip_result.kept.result[1]")
def zip_result(held):
    """What zip gave last, which it keeps to use the tuple again"""
    zip_result.kept = zip([1], giving(held))
    next(zip_result.kept)


@holder("iterators.map_function.kept.function.__self__")
def map_function(held):
    """The function of map"""
    map_function.kept = map(callable_of(held).__call__, [])


@holder("iterators.map_source.kept.iterators[1].sequence[0]")
def map_source(held):
    """What map takes from"""
    map_source.kept = map(max, [], [held])


@holder("iterators.filter_function.kept.function")
def filter_function(held):
    """The function of filter"""
    filter_function.kept = filter(callable_of(held), [])


@holder("iterators.filter_source.kept.iterator.sequence[0]")
def filter_source(held):
    """What filter takes from"""
    filter_source.kept = filter(None, [held])


@holder("iterators.enumerate_source.kept.iterator.sequence[0]")
def enumerate_source(held):
    """What enumerate takes from"""
    enumerate_source.kept = enumerate([held])


@holder("iterators.enumerate_result.kept.result[1]")
def enumerate_result(held):
    """What enumerate gave last, which it keeps to use the tuple again"""
    enumerate_result.kept = enumerate(giving(held))
    next(enumerate_result.kept)


# -- itertools ---------------------------------------------------------------------------


@holder("iterators.chain_source.kept.source.sequence[1][0]")
def chain_source(held):
    """What itertools.chain has not begun with"""
    import itertools

    chain_source.kept = itertools.chain([1, 2], [held])


@holder("iterators.chain_active.kept.active.sequence[0]")
def chain_active(held):
    """What itertools.chain goes through just now"""
    import itertools

    chain_active.kept = itertools.chain.from_iterable(giving([held, 2]))
    next(chain_active.kept)


@holder("iterators.cycle_source.kept.iterator.sequence[1]")
def cycle_source(held):
    """What itertools.cycle has yet to go through"""
    import itertools

    cycle_source.kept = itertools.cycle([1, held])


@holder("iterators.cycle_saved.kept.saved[0]")
def cycle_saved(held):
    """What itertools.cycle has saved for the next round"""
    import itertools

    cycle_saved.kept = itertools.cycle(giving(held))
    next(cycle_saved.kept)


@holder("iterators.repeat_element.kept.element")
def repeat_element(held):
    """What itertools.repeat repeats"""
    import itertools

    repeat_element.kept = itertools.repeat(held)


@holder("iterators.count_step.kept.step")
def count_step(held):
    """The step of itertools.count"""
    import itertools

    number = type(type(held).__name__, (float,), {"__module__": "held"})
    count_step.kept = itertools.count(1.5, number(2.5))


@holder("iterators.islice_source.kept.iterator.sequence[0]")
def islice_source(held):
    """What itertools.islice takes from"""
    import itertools

    islice_source.kept = itertools.islice([held, 1], 5)


@holder("iterators.tee_value.kept.data.values[0]")
def tee_value(held):
    """What one iterator of itertools.tee has taken and the other has not"""
    import itertools

    ahead, tee_value.kept = itertools.tee(giving(held))
    next(ahead)


@holder("iterators.tee_next.kept.data.next.values[3]")
def tee_next(held):
    """The same, sixty values later"""
    import itertools

    source = [None] * 60 + [held] + [None] * 9
    ahead, tee_next.kept = itertools.tee(iter(source.copy()))
    del source[:]
    for _ in range(70):
        next(ahead)
    for _ in range(2):
        next(tee_next.kept)
    next(ahead, None)


@holder("iterators.groupby_value.kept.current_value")
def groupby_value(held):
    """The element itertools.groupby has looked at last"""
    import itertools

    groupby_value.kept = itertools.groupby(giving(held), bool)
    next(groupby_value.kept)


@holder("iterators.groupby_key.kept.target_key")
def groupby_key(held):
    """The key of the current group of itertools.groupby"""
    import itertools

    groupby_key.kept = itertools.groupby([0], [held].pop)
    next(groupby_key.kept)


@holder("iterators.group_parent.kept.parent.current_value")
def group_parent(held):
    """The groupby behind one of its groups"""
    import itertools

    group_parent.kept = next(itertools.groupby(giving(held), bool))[1]


@holder("iterators.product_pool.kept.pools[1][0]")
def product_pool(held):
    """What itertools.product combines"""
    import itertools

    product_pool.kept = itertools.product([1], [held])


@holder("iterators.permutations_pool.kept.pool[1]")
def permutations_pool(held):
    """What itertools.permutations arranges"""
    import itertools

    permutations_pool.kept = itertools.permutations([1, held])


@holder("iterators.combinations_pool.kept.pool[1]")
def combinations_pool(held):
    """What itertools.combinations chooses from"""
    import itertools

    combinations_pool.kept = itertools.combinations([1, held], 1)


@holder("iterators.replacement_pool.kept.pool[0]", "iterators.replacement_pool.kept.result[0]")
def replacement_pool(held):
    """What itertools.combinations_with_replacement chooses from, and gave last"""
    import itertools

    pool = itertools.combinations_with_replacement([held], 1)
    next(pool)
    replacement_pool.kept = pool


@holder("iterators.starmap_function.kept.function")
def starmap_function(held):
    """The function of itertools.starmap"""
    import itertools

    starmap_function.kept = itertools.starmap(callable_of(held), [])


@holder("iterators.starmap_source.kept.iterator.sequence[0][0]")
def starmap_source(held):
    """What itertools.starmap takes from"""
    import itertools

    starmap_source.kept = itertools.starmap(max, [(held, 1)])


@holder("iterators.takewhile_function.kept.function")
def takewhile_function(held):
    """The function of itertools.takewhile"""
    import itertools

    takewhile_function.kept = itertools.takewhile(callable_of(held), [])


@holder("iterators.dropwhile_source.kept.iterator.sequence[0]")
def dropwhile_source(held):
    """What itertools.dropwhile takes from"""
    import itertools

    dropwhile_source.kept = itertools.dropwhile(bool, [held])


@holder("iterators.filterfalse_source.kept.iterator.sequence[0]")
def filterfalse_source(held):
    """What itertools.filterfalse takes from"""
    import itertools

    filterfalse_source.kept = itertools.filterfalse(bool, [held])


@holder("iterators.compress_selector.kept.selectors.sequence[0]")
def compress_selector(held):
    """A selector of itertools.compress"""
    import itertools

    compress_selector.kept = itertools.compress([1], [held])


@holder("iterators.compress_data.kept.data.sequence[0]")
def compress_data(held):
    """What itertools.compress selects from"""
    import itertools

    compress_data.kept = itertools.compress([held], [1])


@holder("iterators.accumulate_total.kept.total")
def accumulate_total(held):
    """The total of itertools.accumulate"""
    import itertools

    accumulate_total.kept = itertools.accumulate(giving(held))
    next(accumulate_total.kept)


@holder("iterators.accumulate_initial.kept.initial")
def accumulate_initial(held):
    """The initial value of itertools.accumulate"""
    import itertools

    accumulate_initial.kept = itertools.accumulate([], initial=held)


@holder("iterators.accumulate_function.kept.function")
def accumulate_function(held):
    """The function of itertools.accumulate"""
    import itertools

    accumulate_function.kept = itertools.accumulate([], callable_of(held))


@holder("iterators.zip_longest_fill.kept.fillvalue")
def zip_longest_fill(held):
    """The fill value of itertools.zip_longest"""
    import itertools

    zip_longest_fill.kept = itertools.zip_longest([], [], fillvalue=held)


@holder("iterators.zip_longest_source.kept.iterators[1].sequence[0]")
def zip_longest_source(held):
    """What itertools.zip_longest takes from"""
    import itertools

    zip_longest_source.kept = itertools.zip_longest([], [held])


OLD_AND_RESULT = ("iterators.pairwise_old.kept.old", "iterators.pairwise_old.kept.result[1]")


@holder("iterators.pairwise_old.kept.old",
        versions=dict.fromkeys(("3.13", "3.14", "3.15"), OLD_AND_RESULT))
def pairwise_old(held):
    """The first of the next pair of itertools.pairwise"""
    import itertools

    pairwise_old.kept = itertools.pairwise(iter([held, 1].pop, 0))
    next(pairwise_old.kept)


@holder("iterators.batched_source.kept.iterator.sequence[0]",
        versions={"3.10": "no: itertools.batched is new in 3.12",
                  "3.11": "no: itertools.batched is new in 3.12"})
def batched_source(held):
    """What itertools.batched takes from"""
    import itertools

    batched_source.kept = itertools.batched([held], 2)
