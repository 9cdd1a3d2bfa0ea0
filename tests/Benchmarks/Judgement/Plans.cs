namespace Sluice.Benchmarks.Judgement;

/// <summary>Plans that the cells are run through; only what is judged differs.</summary>
internal static class Plans
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["variables.yaml"] = "variables:\n  DATABASE_URL: { format: text, value: main.db }\n",
    };

    /// <summary>A soak at one weight with the judge's default rules, at each weight in turn.</summary>
    /// <param name="duration">As plans write it.</param>
    /// <param name="weights">In order.</param>
    public static Rollout Soaks(string duration, params int[] weights) => Rollout.Of(Text(weights, duration), Files);

    private static string Text(int[] weights, string duration)
    {
        var steps = string.Join('\n', weights.Select(w => $$"""
              - setWeight: {{w}}
              - soak: { duration: {{duration}}, every: 30s, warmup: 2m }
            """));
        return $$"""
            schema: 1
            service: shop
            environments:
              production:
                platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 2, stopWithin: 30s }
                router:   { kind: gateway, listen: "127.0.0.1:8080" }
                metrics:  { kind: gateway }
                variables: variables.yaml
            steps:
              - deploy: { environment: production }
            {{steps}}
            analysis:
              budget: 0.01
              metrics:
                - { name: errors, limit: 0.02 }
                - { name: latency-p95, limit: 1s }
                - { name: latency-p99, limit: 2s }
            """;
    }
}
