namespace Sluice.Benchmarks.Judgement;

/// <summary>Plans that are run; only what is judged differs.</summary>
internal static class JudgedPlans
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["variables.yaml"] = "variables:\n  DATABASE_URL: { format: text, value: main.db }\n",
    };

    private const string LatencyMetrics = "    - { name: latency-p95, limit: 1s }\n    - { name: latency-p99, limit: 2s }";

    /// <summary>The product's own strategies that the corpus goes through; their limits on errors allow for the highest base rate in it.</summary>
    public static IReadOnlyList<(string Name, Rollout Plan)> Corpus { get; } =
    [
        ("canary", Named("{ name: canary, errorLimit: 0.1 }")),
        ("staged", Named("{ name: staged, firstErrorLimit: 0.1, errorLimit: 0.1 }")),
    ];

    /// <summary>A soak with the judge's default rules at each weight in turn.</summary>
    /// <param name="duration">As plans write it.</param>
    /// <param name="weights">In order.</param>
    public static Rollout Soaks(string duration, params int[] weights) => Compile(Text(weights, duration, "listen: \"127.0.0.1:8080\""));

    /// <summary>A soak that looks at errors alone, or at latency as well.</summary>
    /// <param name="weight">Percent.</param>
    /// <param name="duration">As plans write it.</param>
    /// <param name="sticky">The router keeps a client on its revision.</param>
    /// <param name="latency">Whether latency is looked at.</param>
    public static Rollout Soak(int weight, string duration, bool sticky, bool latency) =>
        Compile(Text([weight], duration, $"listen: \"127.0.0.1:8080\"{(sticky ? ", sticky: cookie" : "")}", latency));

    /// <summary>One of the strategies that ship with the product.</summary>
    /// <param name="strategy">Its name, with its parameters.</param>
    public static Rollout Named(string strategy) => Compile(
        $$"""
        {{Head("listen: \"127.0.0.1:8080\"")}}
        strategy: {{strategy}}
        """);

    private static Rollout Compile(string plan) => Rollout.Of(plan, Files);

    private static string Text(int[] weights, string duration, string router, bool latency = true) =>
        $$"""
        {{Head(router)}}
        steps:
          - deploy: { environment: production }
        {{string.Join('\n', weights.Select(w => $$"""
          - setWeight: {{w}}
          - soak: { duration: {{duration}}, every: 30s, warmup: 2m }
        """))}}
        analysis:
          budget: 0.01
          metrics:
            - { name: errors, limit: 0.02 }
        {{(latency ? LatencyMetrics : "")}}
        """;

    private static string Head(string router) =>
        $$"""
        schema: 1
        service: shop
        environments:
          production:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 2, stopWithin: 30s }
            router:   { kind: gateway, {{router}} }
            metrics:  { kind: gateway }
            variables: variables.yaml
        """;
}
