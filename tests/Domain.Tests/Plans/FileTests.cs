using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Plans;

public sealed class FileTests
{
    [Theory]
    [InlineData("{ format: secret, value: hunter2hunter2 }", "literal-secret")]
    [InlineData("{ format: key, value: hunter2hunter2hunter2 }", "literal-secret")]
    [InlineData("{ value: hunter2, fromSecret: x }", "several-sources")]
    [InlineData("{ format: text }", "no-source")]
    [InlineData("hunter2", "wrong-type")]
    [InlineData("{ format: hunter2, value: x }", "unknown-value")]
    [InlineData("{ format: integer, value: hunter2 }", "bad-value")]
    [InlineData("{ format: postgres-url, value: \"postgres://me:hunter2@\" }", "bad-value")]
    [InlineData("{ oneOf: [a, b], value: hunter2 }", "bad-value")]
    [InlineData("{ format: enum, value: hunter2 }", "missing-key")]
    [InlineData("{ fromSecret: \"hunter2 with blanks\" }", "bad-name")]
    [InlineData("{ required: hunter2, value: x }", "bad-boolean")]
    public void A_variable_that_cannot_be_is_refused_and_its_value_never_shown(string variable, string code)
    {
        var compilation = PlanCompiler.CompileVariables("environment.production.yaml", $"variables:\n  API: {variable}\n");

        Assert.Null(compilation.Value);
        Assert.Contains(compilation.Faults, f => f.Code == code && f.Line == 2);
        Assert.All(compilation.Faults, f =>
        {
            Assert.StartsWith("environment.production.yaml: variables.API", f.Path, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", f.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Variables_are_read_with_their_defaults()
    {
        var compilation = PlanCompiler.CompileVariables("environment.production.yaml", """
            variables:
              LEVEL: { oneOf: [info, debug], value: info }
              PASSWORD: { format: secret, fromSecret: shop-password, description: of the shop }
              HOME_PAGE: { format: url, fromVariable: HOME_PAGE, required: false }
              OPTIONAL: { required: false }
            """);

        Assert.Empty(compilation.Faults);
        Assert.Equal(
            [
                ("LEVEL", VariableFormat.Enum, true, "info"), ("PASSWORD", VariableFormat.Secret, true, "shop-password"),
                ("HOME_PAGE", VariableFormat.Url, false, "HOME_PAGE"), ("OPTIONAL", VariableFormat.Text, false, null),
            ],
            compilation.Value!.Select(v => (v.Name, v.Format, v.Required, v.Value ?? v.FromSecret ?? v.FromVariable)));
    }

    [Theory]
    [InlineData("within: 3m\nchecks: [{ path: /health }]", "out-of-range", "within")]
    [InlineData("checks: []", "empty-list", "checks")]
    [InlineData("checks: [{ path: health }]", "bad-path", "checks[0].path")]
    [InlineData("checks: [{ path: /health, method: GTE }]", "unknown-value", "checks[0].method")]
    [InlineData("checks: [{ path: /a }, { path: /a }]", "duplicate-name", "checks[1]")]
    [InlineData("checks: [{ path: /a, expect: { statsu: 200 } }]", "unknown-key", "checks[0].expect.statsu")]
    [InlineData("checks: [{ path: /a, expect: { json: { \"data[0\": 1 } } }]", "bad-json-path", "checks[0].expect.json")]
    [InlineData("within: 10s\nchecks: [{ path: /a, expect: { within: 20s } }]", "contradiction", "checks[0].expect.within")]
    public void A_faulty_suite_is_refused_with_its_place(string text, string code, string path)
    {
        var compilation = PlanCompiler.CompileSuite("smoke.yaml", text);

        Assert.Contains(compilation.Faults, f => f.Code == code && f.Path == $"smoke.yaml: {path}");
        Assert.Null(compilation.Value);
    }

    [Fact]
    public void A_suite_is_read_with_its_defaults()
    {
        var check = Assert.Single(PlanCompiler.CompileSuite("smoke.yaml", "checks: [{ path: /health }]").Value!.Checks);

        Assert.Equal(("GET /health", "GET", 200), (check.Name, check.Method, check.Status));
    }

    [Fact]
    public void A_fault_in_a_file_that_two_environments_share_is_told_once()
    {
        var plan = """
            schema: 1
            service: shop
            environments:
              a: { platform: { kind: process, command: [shop] }, variables: e.yaml }
              b: { platform: { kind: process, command: [shop] }, variables: e.yaml }
            steps: [ { deploy: { environment: a, weight: 100 } }, { deploy: { environment: b, weight: 100 } } ]
            """;

        var fault = Assert.Single(PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string> { ["e.yaml"] = "variables: { PORTS: { fromat: text, value: a } }" })).Faults);

        Assert.Equal("1:23 e.yaml: variables.PORTS.fromat: 'fromat' is not a key here. (did you mean 'format'?)", fault.ToString());
    }

    [Fact]
    public void The_variable_that_holds_the_port_is_not_declared_as_well()
    {
        var plan = """
            schema: 1
            service: shop
            environments:
              a: { platform: { kind: process, command: [shop] }, variables: e.yaml }
            steps: [ { deploy: { environment: a, weight: 100 } } ]
            """;

        var faults = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string> { ["e.yaml"] = "variables: { PORT: { value: 80 } }" })).Faults;

        Assert.Equal("contradiction", Assert.Single(faults).Code);
    }

    [Fact]
    public void All_missing_and_malformed_variables_are_listed_at_once_without_their_values()
    {
        VariableSpec[] variables =
        [
            new("DATABASE_URL", true, VariableFormat.PostgresUrl, FromSecret: "shop-db"),
            new("TOKEN", true, VariableFormat.Key, FromSecret: "shop-token"),
            new("SIZE", true, VariableFormat.Integer, FromVariable: "SHOP_SIZE"),
            new("MODE", true, VariableFormat.Enum, Value: "fast", OneOf: ["fast", "slow"]),
            new("PAGE", false, VariableFormat.Url),
            new("FLAG", false, VariableFormat.Boolean, FromVariable: "FLAG"),
        ];

        var faults = VariableCheck.Check(variables, new Dictionary<string, string?> { ["DATABASE_URL"] = "mysql://me:hunter2@db/x", ["TOKEN"] = "hunter2", ["MODE"] = "fast", ["FLAG"] = "hunter2" });

        Assert.Equal(
            [
                "DATABASE_URL is malformed: expected postgres://user@host/database (from the secret 'shop-db').",
                "TOKEN is malformed: expected a key of 16 or more characters without blanks (from the secret 'shop-token').",
                "SIZE is missing: from the server's variable SHOP_SIZE.",
                "FLAG is malformed: expected true or false (from the server's variable FLAG).",
            ],
            faults);
    }
}
