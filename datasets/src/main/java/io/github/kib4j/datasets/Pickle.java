package io.github.kib4j.datasets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Reads the few pickles that hold CIFAR's images: a dictionary of texts, integers, lists, and arrays of numpy, in protocol 2 to
 * 5, from Python 2 or 3. A pickle is a program that may call anything; here there is nothing to call: names of Python become one
 * of {@link Known} or the file is refused, and what they do is written below.
 */
final class Pickle {
    /** Far more than a CIFAR file has, so that a file cannot fill memory with small things. */
    private static final int MOST_VALUES = 4_000_000;

    private static final int LONGEST_KEY = 1000;
    private static final Object MARK = new Object();
    private static final Object NONE = new Object();

    /** The names of Python that may occur. */
    private enum Known {
        RECONSTRUCT("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"),
        FROM_BUFFER("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"),
        ARRAY("numpy.ndarray"),
        TYPE("numpy.dtype"),
        ENCODE("_codecs.encode");

        private final List<String> names;

        Known(String... names) {
            this.names = List.of(names);
        }

        static Optional<Known> named(String name) {
            return Stream.of(values()).filter(k -> k.names.contains(name)).findFirst();
        }
    }

    /** Bytes of the file: text (of Python 3) or Python 2's strings, which are bytes. */
    private record Text(byte[] bytes, int from, int length, boolean unicode) {
        String string() {
            return new String(bytes, from, length, unicode ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        }
    }

    private record Tuple(List<Object> parts) {}

    /** Numpy's type; its byte order comes later. */
    private static final class Type {
        private final String name;
        private String order = "|";

        Type(String name) {
            this.name = name;
        }
    }

    /** Numpy's array; its content comes later. */
    private static final class Array {
        private int[] extents = {};
        private Type type = new Type("");
        private Text content = new Text(new byte[0], 0, 0, false);
    }

    private final Path file;
    private final byte[] bytes;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private int at;
    private int values;
    /** Bytes of the texts that Python 3 spelt bytes as; each is there once. */
    private long spelled;

    private Pickle(Path file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /**
     * Reads a dictionary whose values are {@link Numbers}, {@link Long}, {@link String} or lists of these; others are left out.
     *
     * @param file for messages
     * @param bytes its content, which arrays share
     * @throws DatasetException if it is anything else, or anything but data is in it
     */
    static Map<String, Object> read(Path file, byte[] bytes) {
        Pickle pickle = new Pickle(file, bytes);
        if (!(pickle.run() instanceof Map<?, ?> found)) {
            throw pickle.unlike("it is no dictionary");
        }
        if (pickle.at != bytes.length) {
            throw new DatasetException("The file " + file + " is longer than what is pickled in it; fetch it again.");
        }
        Map<String, Object> members = new LinkedHashMap<>();
        found.forEach((key, value) -> members.put((String) key, pickle.plain(value)));
        return members;
    }

    private Object plain(Object value) {
        if (value instanceof Text text) {
            return text.length() > LONGEST_KEY ? "" : text.string();
        }
        if (value instanceof Array array) {
            return numbers(array);
        }
        if (value instanceof List<?> list) {
            return list.stream()
                    .filter(element -> element instanceof Text || element instanceof Long)
                    .map(this::plain)
                    .toList();
        }
        return value instanceof Long ? value : "";
    }

    private Numbers numbers(Array array) {
        Numbers.Type type = Numbers.Type.numpy(array.type.order + array.type.name)
                .orElseThrow(() -> unlike("it has an array of other things than integers"));
        long size = Numbers.size(array.extents);
        if (size < 0 || size * type.bytes() != array.content.length()) {
            throw unlike("an array's content is not of its size");
        }
        return new Numbers(type, array.extents, array.content.bytes(), array.content.from());
    }

    private Object run() {
        while (true) {
            int operation = next(1);
            switch (operation) {
                case 0x80 -> requireProtocol(next(1)); // PROTO
                case 0x95 -> next(8); // FRAME
                case '.' -> {
                    return pop();
                }
                case '(' -> push(MARK);
                case 'N' -> push(NONE);
                case 0x88 -> push(1L); // NEWTRUE
                case 0x89 -> push(0L); // NEWFALSE
                case 'K' -> push((long) next(1));
                case 'M' -> push((long) next(2));
                case 'J' -> push((long) next(4));
                case 0x8a -> push(longOf(next(1)));
                case 'U', 'C' -> push(text(next(1), false));
                case 'T', 'B' -> push(text(next(4), false));
                case 0x8e, 0x96 -> push(text(next(8), false)); // BINBYTES8, BYTEARRAY8
                case 'X' -> push(text(next(4), true));
                case 0x8c -> push(text(next(1), true));
                case 0x8d -> push(text(next(8), true));
                case '}' -> push(new LinkedHashMap<String, Object>());
                case ']' -> push(new ArrayList<>());
                case ')' -> push(new Tuple(List.of()));
                case 0x85, 0x86, 0x87 -> push(new Tuple(last(operation - 0x84)));
                case 't' -> push(new Tuple(toMark()));
                case 'a' -> append(last(1));
                case 'e' -> append(toMark());
                case 's' -> put(last(2));
                case 'u' -> put(toMark());
                case 'q' -> memo.put(next(1), top());
                case 'r' -> memo.put(next(4), top());
                case 0x94 -> memo.put(memo.size(), top()); // MEMOIZE
                case 'h' -> push(remembered(next(1)));
                case 'j' -> push(remembered(next(4)));
                case '0' -> pop();
                case 'c' -> push(known(line() + "." + line()));
                case 0x93 -> { // STACK_GLOBAL
                    List<Object> name = last(2);
                    push(known(shortText(name.get(0)) + "." + shortText(name.get(1))));
                }
                case 'R' -> {
                    List<Object> call = last(2);
                    push(made(call.get(0), call.get(1)));
                }
                case 'b' -> build(pop(), top());
                default -> throw unlike(String.format("it has the instruction 0x%02x", operation));
            }
        }
    }

    private void requireProtocol(int protocol) {
        if (protocol < 2 || protocol > 5) {
            throw unlike("it has protocol " + protocol);
        }
    }

    /** Returns a little-endian number of the program, of 1, 2, 4 or 8 bytes; one that no length can be is refused. */
    private int next(int size) {
        require(size);
        ByteBuffer in = ByteBuffer.wrap(bytes, at, size).order(ByteOrder.LITTLE_ENDIAN);
        at += size;
        return switch (size) {
            case 1 -> in.get() & 0xFF;
            case 2 -> in.getShort() & 0xFFFF;
            case 4 -> in.getInt();
            default -> (int) Math.min(Integer.MAX_VALUE, Math.max(-1, in.getLong()));
        };
    }

    private void require(int size) {
        if (size < 0 || size > bytes.length - at) {
            throw new DatasetException("The file " + file + " is cut short; fetch it again.");
        }
    }

    private long longOf(int size) {
        if (size > 8) {
            throw unlike("it has an integer of " + size + " bytes");
        }
        require(size);
        long value = size == 0 || bytes[at + size - 1] >= 0 ? 0 : -1;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | bytes[at + i] & 0xFF;
        }
        at += size;
        return value;
    }

    private Text text(int length, boolean unicode) {
        require(length);
        Text text = new Text(bytes, at, length, unicode);
        at += length;
        return text;
    }

    private String line() {
        int end = at;
        while (end < bytes.length && bytes[end] != '\n' && end - at < LONGEST_KEY) {
            end++;
        }
        String line = text(end - at, true).string();
        next(1);
        return line;
    }

    private void push(Object value) {
        if (++values > MOST_VALUES) {
            throw unlike("it has more than " + MOST_VALUES + " parts");
        }
        stack.add(value);
    }

    private Object top() {
        if (stack.isEmpty()) {
            throw unlike("an instruction lacks its operand");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object top = top();
        stack.remove(stack.size() - 1);
        return top;
    }

    /** Takes this many values off the stack, in their order. */
    private List<Object> last(int count) {
        if (stack.size() < count) {
            throw unlike("an instruction lacks its operands");
        }
        List<Object> part = stack.subList(stack.size() - count, stack.size());
        List<Object> taken = new ArrayList<>(part);
        part.clear();
        return taken;
    }

    /** Takes all values above the last mark off the stack, and the mark. */
    private List<Object> toMark() {
        List<Object> taken = last(stack.size() - 1 - stack.lastIndexOf(MARK));
        pop();
        return taken;
    }

    private Object remembered(int index) {
        Object value = memo.get(index);
        if (value == null) {
            throw unlike("it refers to a part that it has not");
        }
        return value;
    }

    @SuppressWarnings("unchecked") // lists are made here alone
    private void append(List<Object> elements) {
        if (!(top() instanceof List<?> list)) {
            throw unlike("it appends to what is no list");
        }
        ((List<Object>) list).addAll(elements);
    }

    @SuppressWarnings("unchecked") // maps are made here alone
    private void put(List<Object> pairs) {
        if (!(top() instanceof Map<?, ?> map) || pairs.size() % 2 != 0) {
            throw unlike("it has members of what is no dictionary");
        }
        for (int i = 0; i < pairs.size(); i += 2) {
            ((Map<String, Object>) map).put(shortText(pairs.get(i)), pairs.get(i + 1));
        }
    }

    private String shortText(Object value) {
        if (!(value instanceof Text text) || text.length() > LONGEST_KEY) {
            throw unlike("it has a name that is no short text");
        }
        return text.string();
    }

    private Known known(String name) {
        return Known.named(name)
                .orElseThrow(() -> new DatasetException("The file " + file + " wants Python's '"
                        + FileFailure.printable(name) + "', which no file of CIFAR does; nothing of it was run: fetch"
                        + " the publisher's file."));
    }

    /** Returns what a call makes. */
    private Object made(Object callee, Object arguments) {
        List<Object> given = arguments instanceof Tuple tuple ? tuple.parts() : List.of();
        if (callee == Known.RECONSTRUCT && !given.isEmpty() && given.get(0) == Known.ARRAY) {
            return new Array();
        }
        if (callee == Known.TYPE && !given.isEmpty()) {
            return new Type(shortText(given.get(0)));
        }
        if (callee == Known.ENCODE && given.size() == 2 && given.get(0) instanceof Text text) {
            return encoded(text, shortText(given.get(1)));
        }
        if (callee == Known.FROM_BUFFER && given.size() == 4) {
            return array(
                    new Array(),
                    given.get(2),
                    given.get(1),
                    !shortText(given.get(3)).equals("C"),
                    given.get(0));
        }
        throw unlike("it makes what is no array");
    }

    private Text encoded(Text text, String name) {
        spelled += text.length();
        if (!name.equals("latin1") || spelled > bytes.length) {
            throw unlike("it has a text in another encoding");
        }
        byte[] encoded = text.string().getBytes(StandardCharsets.ISO_8859_1);
        return new Text(encoded, 0, encoded.length, false);
    }

    /** Gives a type its byte order, or an array its content. */
    private void build(Object state, Object built) {
        List<Object> parts = state instanceof Tuple tuple ? tuple.parts() : List.of();
        if (built instanceof Type type && parts.size() >= 2) {
            type.order = shortText(parts.get(1));
        } else if (built instanceof Array array && parts.size() == 5) {
            array(array, parts.get(1), parts.get(2), parts.get(3).equals(1L), parts.get(4));
        } else {
            throw unlike("it fills what is no array");
        }
    }

    private Array array(Array array, Object shape, Object type, boolean byColumns, Object content) {
        if (!(shape instanceof Tuple extents) || !(type instanceof Type itsType) || !(content instanceof Text text)) {
            throw unlike("an array has no shape, type or content");
        }
        if (byColumns) {
            throw unlike("an array is stored by columns");
        }
        array.extents = extents.parts().stream()
                .mapToInt(extent -> extent instanceof Long size && size == size.intValue() ? size.intValue() : -1)
                .toArray();
        array.type = itsType;
        array.content = text;
        return array;
    }

    private DatasetException unlike(String how) {
        return new DatasetException("The file " + file + " is not as CIFAR's files for Python are (" + how
                + "); fetch the publisher's file.");
    }
}
