module com.example {
    requires io.github.kib4j.core;
    requires io.github.kib4j.dependence;
}
