using Sluice.Domain.Plans;

namespace Sluice.EndToEnd.Tests;

/// <summary>The plan of the service that the tests deploy: everything a release meets, in seconds.</summary>
internal static class ShopPlan
{
    private static readonly string Service = Path.Combine(AppContext.BaseDirectory, "Sluice.TestService");

    /// <summary>The words of the plan that start the service without faults.</summary>
    public static string ServiceCommand { get; } = Words([]);

    /// <summary>Lock, validation, deploy, smoke, 10 %, soak, 100 %, hold.</summary>
    /// <param name="sluice">Where.</param>
    /// <param name="switches">Faults of the release.</param>
    /// <param name="weight">Of the canary.</param>
    /// <param name="soak">How long it is watched.</param>
    /// <param name="readyWithin">How long it may take to come up.</param>
    public static Bundle For(LocalSluice sluice, string[]? switches = null, int weight = 10, string soak = "2s", string readyWithin = "60s")
    {
        var command = Words(switches ?? []);
        var plan = $$"""
            schema: 1
            service: shop
            environments:
              production:
                platform: { kind: process, command: [{{command}}], directory: "{{sluice.Folder}}", portVariable: PORT,
                            health: /health, readyWithin: {{readyWithin}}, replicas: 1, stopWithin: 10s }
                router:   { kind: gateway, listen: "127.0.0.1:{{sluice.Port}}" }
                metrics:  { kind: gateway }
                variables: environment.production.yaml
                verifyRollbackAfter: 1s
            steps:
              - validate: { environment: production }
              - deploy:   { environment: production }
              - smoke:    { environment: production, suite: smoke.yaml }
              - setWeight: {{weight}}
              - soak:     { duration: {{soak}}, every: 1s, clock: wall, warmup: 0s }
              - setWeight: 100
              - hold:     1s
            analysis:
              budget: 0.01
              metrics: [ { name: errors, limit: 0.01 } ]
            concurrency: queue
            """;
        return new Bundle(plan, new Dictionary<string, string>
        {
            ["smoke.yaml"] = """
                within: 30s
                checks:
                  - name: health
                    path: /health
                    expect: { status: 200 }
                """,
            ["environment.production.yaml"] = """
                variables:
                  COLOUR: { required: true, format: text, value: "blue" }
                  TOKEN: { required: false, format: secret, fromSecret: shop-token }
                """,
        });
    }

    private static string Words(string[] switches) =>
        string.Join(", ", new[] { Service, "serve" }.Concat(switches).Select(word => $"\"{word}\""));
}
