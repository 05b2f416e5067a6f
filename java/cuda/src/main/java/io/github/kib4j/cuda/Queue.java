package io.github.kib4j.cuda;

import io.github.kib4j.op.Lane;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Where calls run one after the other.
 *
 * @param lane libraries keep what they remember of a lane apart from that of others
 * @param stream of the lane
 */
record Queue(Lane lane, CUstream_st stream) {}
