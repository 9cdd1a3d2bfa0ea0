using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Tests.Sources;
using Sluice.CatalogApi;

namespace Sluice.Catalog.Tests.Api;

/// <summary>The document says what the service does: its routes, their parameters, and the shape of real answers.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Every_route_is_in_the_document_and_every_path_of_the_document_is_a_route()
    {
        await using var api = await TestApi.StartAsync();
        var document = await api.GetAsync("/v1/openapi.json");

        var documented = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        var real = api.Routes.SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
            .Where(method => method != HttpMethods.Head)
            .Select(method => $"{method} {route.RoutePattern.RawText!.Replace("{**id:minlength(1)}", "{id}", StringComparison.Ordinal)}"));

        Assert.Equal(real.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_parameter_that_a_list_reads_is_in_the_document_and_no_other()
    {
        await using var api = await TestApi.StartAsync();
        var document = await api.GetAsync("/v1/openapi.json");
        var asked = new AskedParameters();

        ModelQuery.Read(new QueryReader(asked));

        Assert.Equal(asked.Names.Order(StringComparer.Ordinal), Parameters(document, "/v1/models").Order(StringComparer.Ordinal));
        Assert.Equal(["cursor", "id", "limit"], Parameters(document, "/v1/price-history/{id}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Real_answers_have_exactly_the_documented_shape()
    {
        await using var api = await TestApi.StartAsync();
        var document = await api.GetAsync("/v1/openapi.json");
        await CheckAsync("/v1/models", "/v1/models?limit=100", 200);
        await api.SyncAsync(
            "run-1",
            await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("openai/m-2", """{ "prompt": "1e-6", "completion": "2e-6" }""", """, "hugging_face_id": "openai/M-2" """))),
            await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "M 2 (high)", "1", "1", "0"))),
            await Reading.OfAsync(SourceNames.HuggingFace, """[{ "id": "openai/M-2", "downloads": 5, "likes": 1 }]"""));
        await api.SyncAsync("run-2", await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("openai/m-2", """{ "prompt": "2e-6", "completion": "2e-6" }"""))));

        await CheckAsync("/v1/models/{id}", "/v1/models/openrouter/openai/m-2", 200);
        await CheckAsync("/v1/price-history/{id}", "/v1/price-history/openrouter/openai/m-2", 200);
        await CheckAsync("/v1/compare", "/v1/compare?id=openrouter/openai/m-2&id=openrouter/openai/m-2", 200);
        await CheckAsync("/health", "/health", 200);
        await CheckAsync("/health/deep", "/health/deep", 200);
        await CheckAsync("/v1/models", "/v1/models?limit=0", 400);
        await CheckAsync("/v1/models/{id}", "/v1/models/a/b", 404);
        using var refreshed = new HttpRequestMessage(HttpMethod.Post, "/v1/admin/cache/refresh");
        refreshed.Headers.TryAddWithoutValidation("Authorization", "Bearer " + TestApi.AdminKey);
        using var answer = await api.Http.SendAsync(refreshed);
        AssertShape(Schema("/v1/admin/cache/refresh", "post", 200), await TestApi.ReadAsync(answer, 200), "refresh");

        async Task CheckAsync(string path, string request, int status) => AssertShape(Schema(path, "get", status), await api.GetAsync(request, status), request);

        JsonElement Schema(string path, string method, int status) => document.GetProperty("paths").GetProperty(path).GetProperty(method)
            .GetProperty("responses").GetProperty($"{status}").GetProperty("content").EnumerateObject().Single().Value.GetProperty("schema");

        void AssertShape(JsonElement schema, JsonElement value, string at)
        {
            if (schema.TryGetProperty("$ref", out var reference))
            {
                AssertShape(reference.GetString()!.Split('/').Skip(1).Aggregate(document, (part, name) => part.GetProperty(name)), value, at);
                return;
            }

            if (schema.TryGetProperty("anyOf", out var either))
            {
                Assert.Equal(2, either.GetArrayLength());
                if (value.ValueKind != JsonValueKind.Null)
                {
                    AssertShape(either[0], value, at);
                }

                return;
            }

            var type = schema.GetProperty("type");
            string[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)] : [type.GetString()!];
            Assert.True(types.Contains(TypeOf(value)) || (types.Contains("number") && TypeOf(value) == "integer"), $"{at} is {value}, documented as {type}");
            if (schema.TryGetProperty("enum", out var names))
            {
                Assert.Contains(value.GetString(), names.EnumerateArray().Select(name => name.GetString()));
            }

            if (value.ValueKind == JsonValueKind.Object)
            {
                var properties = schema.GetProperty("properties");
                Assert.All(value.EnumerateObject(), member => AssertShape(
                    properties.TryGetProperty(member.Name, out var own) ? own : throw new InvalidOperationException($"{at}.{member.Name} is not documented"), member.Value, $"{at}.{member.Name}"));
                Assert.All(schema.GetProperty("required").EnumerateArray(), name => Assert.True(value.TryGetProperty(name.GetString()!, out _), $"{at} lacks {name}"));
            }
            else if (value.ValueKind == JsonValueKind.Array)
            {
                Assert.All(value.EnumerateArray(), item => AssertShape(schema.GetProperty("items"), item, $"{at}[]"));
            }
        }
    }

    private static IEnumerable<string> Parameters(JsonElement document, string path) =>
        document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("parameters").EnumerateArray().Select(one => one.GetProperty("name").GetString()!);

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        _ => "object",
    };

    /// <summary>A query without parameters that keeps what it was asked for.</summary>
    private sealed class AskedParameters : IQueryCollection
    {
        public HashSet<string> Names { get; } = [];

        public int Count => 0;

        public ICollection<string> Keys => [];

        public StringValues this[string key] => StringValues.Empty;

        public bool ContainsKey(string key) => TryGetValue(key, out _);

        public bool TryGetValue(string key, out StringValues value)
        {
            Names.Add(key);
            value = StringValues.Empty;
            return false;
        }

        public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => Enumerable.Empty<KeyValuePair<string, StringValues>>().GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
