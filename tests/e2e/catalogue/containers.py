# SPDX-License-Identifier: MIT
"""Built-in containers and those of collections, queue, heapq and types."""

from holders import holder


def as_bytearray(held):
    """Return an object of the same name that lends out its memory."""
    return type(type(held).__name__, (bytearray,), {"__module__": "held"})(8)


# -- dicts ------------------------------------------------------------------------------


@holder("containers.dict_value.kept['k']")
def dict_value(held):
    """A value of a dict"""
    dict_value.kept = {"k": held}


@holder("containers.dict_key.kept.keys()[*]")
def dict_key(held):
    """A key of a dict"""
    dict_key.kept = {held: None}


@holder("containers.dict_nested.kept['a'][7][(1, 'b')]")
def dict_nested(held):
    """A value of nested dicts with keys of several kinds"""
    dict_nested.kept = {"a": {7: {(1, "b"): held}}}


@holder("containers.dict_tuple_key.kept.keys()[*][1]")
def dict_tuple_key(held):
    """A part of a dict's tuple key"""
    dict_tuple_key.kept = {("a", held): None}


@holder("containers.dict_nested_key.kept.keys()[*][1][0]")
def dict_nested_key(held):
    """A part of a tuple within a dict's tuple key"""
    dict_nested_key.kept = {("a", (held, 2)): None}


@holder("containers.dict_subclass.kept['k']")
def dict_subclass(held):
    """A value of an instance of a class derived from dict"""

    class Registry(dict):
        pass

    dict_subclass.kept = Registry(k=held)


@holder("containers.ordered_dict_value.kept['k']")
def ordered_dict_value(held):
    """A value of an OrderedDict"""
    from collections import OrderedDict

    ordered_dict_value.kept = OrderedDict(k=held)


@holder("containers.ordered_dict_key.kept.keys()[*]")
def ordered_dict_key(held):
    """A key of an OrderedDict"""
    from collections import OrderedDict

    ordered_dict_key.kept = OrderedDict({held: None})


@holder("containers.default_dict_value.kept['k']")
def default_dict_value(held):
    """A value of a defaultdict"""
    from collections import defaultdict

    default_dict_value.kept = defaultdict(list, k=held)


@holder("containers.default_factory.kept.default_factory")
def default_factory(held):
    """The factory of a defaultdict"""
    from collections import defaultdict

    type(held).__call__ = lambda self: None
    default_factory.kept = defaultdict(held)


@holder("containers.counter_key.kept.keys()[*]")
def counter_key(held):
    """What a Counter has counted"""
    from collections import Counter

    counter_key.kept = Counter([held, held])


@holder("containers.chain_map.kept.maps[1]['k']")
def chain_map(held):
    """A value of a dict in a ChainMap"""
    from collections import ChainMap

    chain_map.kept = ChainMap({}, {"k": held})


@holder("containers.user_dict.kept.data['k']")
def user_dict(held):
    """A value of a UserDict"""
    from collections import UserDict

    user_dict.kept = UserDict(k=held)


@holder("containers.user_list.kept.data[0]")
def user_list(held):
    """An item of a UserList"""
    from collections import UserList

    user_list.kept = UserList([held])


@holder("containers.mapping_proxy.kept['k']")
def mapping_proxy(held):
    """A value of the dict behind a MappingProxyType"""
    from types import MappingProxyType

    mapping_proxy.kept = MappingProxyType({"k": held})


@holder("containers.simple_namespace.kept.attr")
def simple_namespace(held):
    """An attribute of a SimpleNamespace"""
    from types import SimpleNamespace

    simple_namespace.kept = SimpleNamespace(attr=held)


# -- sequences and sets -----------------------------------------------------------------


@holder("containers.list_item.kept[1]")
def list_item(held):
    """An item of a list"""
    list_item.kept = [None, held]


@holder("containers.tuple_item.kept[1]")
def tuple_item(held):
    """An item of a tuple"""
    tuple_item.kept = (None, held)


@holder("containers.tuple_nested.kept[0][1][2]")
def tuple_nested(held):
    """An item of nested tuples"""
    tuple_nested.kept = ((None, (1, 2, held)),)


@holder("containers.list_subclass.kept[0]")
def list_subclass(held):
    """An item of an instance of a class derived from list"""

    class Stack(list):
        pass

    list_subclass.kept = Stack([held])


@holder("containers.set_member.kept{*}")
def set_member(held):
    """A member of a set"""
    set_member.kept = {held}


@holder("containers.frozenset_member.kept{*}{*}")
def frozenset_member(held):
    """A member of a frozenset in a set"""
    frozenset_member.kept = {frozenset([held])}


@holder("containers.set_tuple.kept{*}[1]")
def set_tuple(held):
    """An item of a tuple in a set"""
    set_tuple.kept = {(1, held)}


@holder("containers.deque_item.kept[70]")
def deque_item(held):
    """An item of a deque, beyond its first block"""
    from collections import deque

    deque_item.kept = deque([None] * 70 + [held] + [None] * 70)


@holder("containers.heap_entry.kept[0][1]")
def heap_entry(held):
    """An entry of a heap kept by heapq"""
    import heapq

    heap_entry.kept = [(5, None), (7, None)]
    heapq.heapify(heap_entry.kept)
    heapq.heappush(heap_entry.kept, (1, held))


# -- queues -----------------------------------------------------------------------------


@holder("containers.queue_item.kept.queue[0]")
def queue_item(held):
    """An item of a queue.Queue"""
    import queue

    queue_item.kept = queue.Queue()
    queue_item.kept.put(held)


@holder("containers.priority_queue.kept.queue[0][1]")
def priority_queue(held):
    """An item of a queue.PriorityQueue"""
    import queue

    priority_queue.kept = queue.PriorityQueue()
    priority_queue.kept.put((1, held))


# -- memory lent out --------------------------------------------------------------------


@holder("containers.memoryview_object.kept.obj")
def memoryview_object(held):
    """What a memoryview looks into"""
    memoryview_object.kept = memoryview(as_bytearray(held))


@holder("containers.memoryview_slice.kept.obj")
def memoryview_slice(held):
    """What a slice of a memoryview looks into"""
    memoryview_slice.kept = memoryview(as_bytearray(held))[2:4].cast("H")


@holder("containers.memoryview_array.kept.obj.tag")
def memoryview_array(held):
    """An attribute of an array that a memoryview looks into"""
    import array

    class Samples(array.array):
        pass

    samples = Samples("i", [1, 2])
    samples.tag = held
    memoryview_array.kept = memoryview(samples)


# -- weak containers --------------------------------------------------------------------


@holder("containers.weak_key_value.kept.data[<weakref*]")
def weak_key_value(held):
    """A value of a WeakKeyDictionary whose key lives"""
    from weakref import WeakKeyDictionary

    class Key:
        pass

    weak_key_value.key = Key()
    weak_key_value.kept = WeakKeyDictionary({weak_key_value.key: held})


@holder(gone=True)
def weak_lost_key(held):
    """A key of a WeakKeyDictionary is not held"""
    from weakref import WeakKeyDictionary

    weak_lost_key.kept = WeakKeyDictionary({held: None})


@holder(gone=True)
def weak_value(held):
    """A value of a WeakValueDictionary is not held"""
    from weakref import WeakValueDictionary

    weak_value.kept = WeakValueDictionary(k=held)


@holder(gone=True)
def weak_set(held):
    """A member of a WeakSet is not held"""
    from weakref import WeakSet

    weak_set.kept = WeakSet([held])
