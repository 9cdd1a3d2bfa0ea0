using System.Globalization;
using System.Text.Json;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;

namespace Sluice.Platforms.Json;

/// <summary>Answers from a JSON endpoint: the query is a path into what it says.</summary>
internal sealed class JsonQueries(MetricServer server) : IMetricQueries
{
    /// <inheritdoc/>
    public async Task<QueryResult> AskAsync(ProviderSpec provider, string query, QueryArguments arguments, CancellationToken cancellationToken)
    {
        var url = new Uri(QueryText.FillUrl(provider.Access.Url, arguments));
        var shown = MetricServer.Show(url);
        if (QueryText.FillPath(query, arguments) is not { } path)
        {
            return QueryResult.Failed($"A value of '{query}' holds a quote, which a path cannot name.");
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Accept.ParseAdd("application/json");
            var (status, text) = await server.SendAsync(request, provider.Access, cancellationToken);
            if ((int)status is < 200 or > 299)
            {
                return QueryResult.Failed($"{shown} answered {(int)status}: {MetricServer.Excerpt(text)}");
            }

            using var answer = JsonDocument.Parse(text);
            return JsonPath.TryFind(answer.RootElement, path, out var found)
                ? Read(found, path, shown)
                : QueryResult.Failed($"{shown}: there is no {path} in the answer.");
        }
        catch (JsonException)
        {
            return QueryResult.Failed($"{shown} answered something that is not JSON.");
        }
        catch (PlatformException e)
        {
            return QueryResult.Failed(e.Message);
        }
    }

    private static QueryResult Read(JsonElement found, string path, string shown)
    {
        if (found.ValueKind == JsonValueKind.Null)
        {
            return new QueryResult([]);
        }

        IReadOnlyList<JsonElement> items = found.ValueKind == JsonValueKind.Array ? [.. found.EnumerateArray()] : [found];
        var values = new List<double>();
        foreach (var item in items)
        {
            if (Number(item) is not { } number)
            {
                return QueryResult.Failed($"{PlatformError.Invalid}: {shown}: {path} is {Kind(item)}, and a number, or a list of numbers, is needed.");
            }

            values.Add(number);
        }

        return new QueryResult(values);
    }

    private static double? Number(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.Number when item.TryGetDouble(out var number) => number,
        JsonValueKind.String when double.TryParse(item.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static string Kind(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list of lists",
        JsonValueKind.String => "a text",
        JsonValueKind.Null => "a list with nothing in it",
        _ => "true or false",
    };
}
