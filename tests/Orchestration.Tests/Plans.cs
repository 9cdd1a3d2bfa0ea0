using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Tests;

/// <summary>Plans the tests run.</summary>
internal static class Plans
{
    private const string Production = """
        schema: 1
        service: api
        environments:
          production:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            metrics:  { kind: gateway }
            variables: production.yaml
            verifyRollbackAfter: 0s
        """;

    private const string Staging = """
        schema: 1
        service: api
        environments:
          staging:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8081" }
            variables: staging.yaml
            verifyRollbackAfter: 0s
          production:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            metrics:  { kind: gateway }
            variables: production.yaml
            verifyRollbackAfter: 0s
        """;

    private const string Analysis = """
        analysis:
          metrics: [ { name: errors, limit: 0.01 }, { name: latency-p99, limit: 500ms } ]
        """;

    private static readonly Dictionary<string, string> Files = new()
    {
        ["production.yaml"] = "variables:\n  DATABASE_URL: { format: text, value: main.db }\n  TOKEN: { format: secret, fromSecret: token, required: false }\n",
        ["staging.yaml"] = "variables:\n  DATABASE_URL: { format: text, value: staging.db }\n",
        ["needs.yaml"] = "variables:\n  A_URL: { format: url, fromSecret: a }\n  B_KEY: { format: key, fromSecret: b }\n  C: { format: integer, value: \"7\" }\n",
        ["smoke.yaml"] = "checks:\n  - { name: healthy, path: /health }\n  - { name: lists, path: /v1/models }\n",
        ["001_up.sql"] = "create table a (x int);\n",
        ["001_down.sql"] = "drop table a;\n",
        ["002_up.sql"] = "drop table b;\n",
    };

    /// <summary>10 % for a quarter of an hour, then everything, and an hour of holding.</summary>
    public static Bundle Canary { get; } = In("""
          - deploy: { environment: production }
          - smoke: { suite: smoke.yaml }
          - setWeight: 10
          - soak: { duration: 15m, every: 30s }
          - setWeight: 100
          - hold: 1h
        """);

    /// <summary>A plan with a strategy, in staging and production; a rollback is verified as it is without a word about it.</summary>
    public static Bundle Named(string strategy) =>
        new(Staging.Replace("\n    verifyRollbackAfter: 0s", "", StringComparison.Ordinal) + "\n" + strategy + "\n", Files);

    /// <summary>A plan of these steps in production.</summary>
    public static Bundle In(string steps, string more = "", string head = Production) =>
        new($"{head}\nsteps:\n{steps}\n{Analysis}\n{more}\n", Files);

    /// <summary>A plan of these steps in staging and production.</summary>
    public static Bundle Both(string steps, string more = "") => In(steps, more, Staging);

    /// <summary>A plan of these steps, with other variables in production.</summary>
    public static Bundle WithVariables(string file, string steps) => In(steps, "", Production.Replace("production.yaml", file, StringComparison.Ordinal));
}
