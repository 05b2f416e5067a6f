package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on loopback. */
final class FetcherTest {
    @TempDir
    Path folder;

    private final byte[] content = new byte[100_000];
    private final List<String> said = new ArrayList<>();
    private final Fetcher fetcher = new Fetcher(said::add);
    private HttpServer server;
    private boolean ranges = true;
    private int status = 200;
    private int cutAt = Integer.MAX_VALUE;

    @BeforeEach
    void serve() throws IOException {
        Arrays.fill(content, (byte) 7);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int start = ranges && range != null ? Integer.parseInt(range.replaceAll("[^0-9]", "")) : 0;
        if (status != 200) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(start > 0 ? 206 : 200, content.length - start);
            exchange.getResponseBody().write(content, start, Math.min(content.length, Math.max(start, cutAt)) - start);
        }
        exchange.close();
    }

    private void fetch() {
        fetcher.fetch(Published.CIFAR10, folder, List.of(server()));
    }

    private URI server() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    private Path part() {
        return folder.resolve("cifar-10-binary.tar.gz.part");
    }

    @Test
    void aWrongChecksumIsRefusedAndTheFileDeleted() {
        assertThatThrownBy(this::fetch)
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("MD5")
                .hasMessageContaining("c32a1d4ab5d03f1284b67883e8d87530");
        assertThat(part()).doesNotExist();
        assertThat(folder.resolve("cifar-10-binary.tar.gz")).doesNotExist();
    }

    @Test
    void anInterruptedDownloadGoesOnWhereItStopped() throws IOException {
        cutAt = 30_000;
        assertThatThrownBy(this::fetch)
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("go on where it stopped");
        long have = Files.size(part());
        assertThat(have).isBetween(1L, 30_000L);
        cutAt = Integer.MAX_VALUE;
        assertThatThrownBy(this::fetch).hasMessageContaining(md5OfContent());
        assertThat(said).anyMatch(line -> line.contains("going on at byte " + have));
    }

    @Test
    void aServerWithoutRangesIsReadFromTheStart() throws IOException {
        Files.write(part(), new byte[500]);
        ranges = false;
        assertThatThrownBy(this::fetch).hasMessageContaining(md5OfContent());
    }

    /** The sum of the whole content: what arrived in pieces must have it, and it is not the publisher's. */
    private String md5OfContent() throws IOException {
        Path whole = Files.write(folder.resolve("whole"), content);
        return Bytes.md5(whole);
    }

    @Test
    void aServersRefusalIsSaid() {
        status = 404;
        assertThatThrownBy(this::fetch)
                .isInstanceOf(DatasetException.class)
                .hasMessage("The file cifar-10-binary.tar.gz could not be fetched from 127.0.0.1 (the server answered"
                        + " 404); check the network and run it again, or place the file in " + folder + " by hand.");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void theNextAddressIsTriedAndEachFailureIsNamed() {
        Path made = folder.resolve("new/mnist");
        URI unknown = URI.create("http://no-such-host.invalid/");
        URI closed = URI.create("http://127.0.0.1:1/");
        assertThatThrownBy(() -> fetcher.fetch(Published.CIFAR10, made, List.of(unknown, closed, server())))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining("from no-such-host.invalid (no host of this name is known)")
                .hasMessageContaining(" nor from 127.0.0.1 (no connection)")
                .hasMessageContaining(" nor from 127.0.0.1 (what came has MD5 sum ")
                .hasMessageContaining("check the network and run it again, or place the file in " + made);
        assertThat(said).anyMatch(line -> line.contains("from " + server()));
        assertThat(made).as("nothing is left behind").doesNotExist();
    }

    @Test
    void publishersAddressesAreWhole() {
        for (Published set : Published.values()) {
            assertThat(set.md5()).hasSameSizeAs(set.files());
            assertThat(set.addresses()).isNotEmpty().allMatch(address -> address.endsWith("/"));
        }
    }

    @Test
    void whatIsThereIsNotFetchedAgain() throws IOException {
        Files.writeString(folder.resolve("cifar-10-binary.tar.gz"), "kept");
        fetch();
        assertThat(said).containsExactly("cifar-10-binary.tar.gz: already there");
    }
}
