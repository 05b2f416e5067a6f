package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * Codes of groups in spatial cells, of activities as they are before divisive normalization, and back (docs/mathematics.md, section
 * 3.9).
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface CellOps<R> {
    /**
     * Plans codes: with {@code zbar} the mean of a group's {@code n} numbers in a cell
     *
     * <pre>
     * s = (delta + sum (z - zbar)^2) / n
     * u = s^p
     * </pre>
     *
     * @param u {@code [B, W]}, F32: the codes
     * @param mean {@code [B, W]}, F64: {@code zbar}
     * @param scale {@code [B, W]}, F32: {@code s}
     * @param z {@code [B, N]} or {@code [B, C, H, W]}, T
     * @param cells groups and cells; each scale is at most the image's height and width
     * @return the planned operation
     */
    R codes(Tensor u, Tensor mean, Tensor scale, Tensor z, Cells cells);

    /**
     * Plans the gradient of the codes: {@code dz} is the sum of {@code du (2p/n) s^(p-1) (z - zbar)} over the cells that a position is
     * in, one of each scale; 0 where {@code s = 0}.
     *
     * @param dz like {@code z}, T
     * @param z what the codes are of
     * @param mean as {@link #codes} wrote it
     * @param scale as {@link #codes} wrote it
     * @param du {@code [B, W]}, F32
     * @param cells groups and cells
     * @return the planned operation
     */
    R gradient(Tensor dz, Tensor z, Tensor mean, Tensor scale, Tensor du, Cells cells);
}
