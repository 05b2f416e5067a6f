package io.github.kib4j.bench.products;

import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;

/**
 * A primitive that was made but not yet given memory.
 *
 * @param how which primitive on which storage, for people
 * @param arguments by oneDNN's argument index
 */
record Primitive(String how, primitive computation, Map<Integer, Argument> arguments) {
    /** Whose memory an argument is, and how it is laid out there. */
    record Argument(Role role, memory.desc desc) {}
}
