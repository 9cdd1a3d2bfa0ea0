namespace Sluice.Catalog.Tests.Sources;

/// <summary>Rows in the shapes of the sources, with what a test is about in them.</summary>
internal static class Rows
{
    /// <summary>A body of models.dev with one provider.</summary>
    public static string ModelsDev(string provider, params (string Id, string? Cost)[] rows) => ModelsDev((provider, rows));

    /// <summary>A body of models.dev.</summary>
    public static string ModelsDev(params (string Provider, (string Id, string? Cost)[] Rows)[] providers) =>
        "{" + string.Join(',', providers.Select(provider =>
            $$"""
            "{{provider.Provider}}": { "id": "{{provider.Provider}}", "env": ["KEY"], "npm": "x", "name": "{{provider.Provider}}", "doc": "https://doc.test", "models": {
            """ + string.Join(',', provider.Rows.Select(row => $"\"{row.Id}\": {ModelsDevRow(row.Id, row.Cost)}")) + "} }")) + "}";

    /// <summary>A row of models.dev.</summary>
    /// <param name="id">What stands inside the row.</param>
    /// <param name="cost">The member's JSON; null when the row has none.</param>
    /// <param name="more">Further members, each after a comma.</param>
    public static string ModelsDevRow(string id, string? cost, string more = "") => $$"""
        { "id": "{{id}}", "name": "{{id}}", "attachment": false, "reasoning": false, "tool_call": true, "release_date": "2026-03", "last_updated": "2026-03-01",
          "modalities": { "input": ["text", "image"], "output": ["text"] }, "open_weights": true, "limit": { "context": 128000, "output": 8000 }
          {{(cost is null ? "" : $", \"cost\": {cost}")}} {{more}} }
        """;

    /// <summary>A body of OpenRouter.</summary>
    public static string OpenRouter(params string[] rows) => $$"""{ "data": [{{string.Join(',', rows)}}], "total_count": {{rows.Length}}, "links": { "next": null } }""";

    /// <summary>A row of OpenRouter.</summary>
    public static string OpenRouterRow(string id, string pricing, string more = "") => $$"""
        { "id": "{{id}}", "canonical_slug": "{{id}}", "name": "{{id}}", "created": 1780000000, "description": "", "context_length": 128000,
          "architecture": { "modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"], "tokenizer": "Other", "instruct_type": null },
          "pricing": {{pricing}}, "top_provider": { "context_length": 128000, "max_completion_tokens": null, "is_moderated": false },
          "per_request_limits": null, "supported_parameters": [] {{more}} }
        """;

    /// <summary>A body of Artificial Analysis.</summary>
    public static string ArtificialAnalysis(params (string Id, string Name, string Input, string Output, string Speed)[] rows) =>
        """{ "status": 200, "data": [""" + string.Join(',', rows.Select(row => $$"""
        { "id": "{{row.Id}}", "name": "{{row.Name}}", "slug": "slug", "release_date": "2026-01-01", "model_creator": { "id": "c", "name": "X", "slug": "openai" },
          "evaluations": { "artificial_analysis_intelligence_index": 23.8, "mmlu_pro": 0.8, "math_500": null },
          "pricing": { "price_1m_blended_3_to_1": 0, "price_1m_input_tokens": {{row.Input}}, "price_1m_output_tokens": {{row.Output}} },
          "median_output_tokens_per_second": {{row.Speed}}, "median_time_to_first_token_seconds": 0 }
        """)) + "] }";

    /// <summary>A body of Featherless without pages.</summary>
    public static string Featherless(params (string Id, long Created, string More)[] rows) =>
        """{ "data": [""" + string.Join(',', rows.Select(row => $$"""{ "id": "{{row.Id}}", "is_gated": false, "created": {{row.Created}}, "model_class": "x", "context_length": 4096 {{row.More}} }""")) + "] }";

    /// <summary>A body of NEAR AI.</summary>
    public static string NearAi(string id, string members) => $$"""{ "models": [{ "modelId": "{{id}}", {{members}}, "metadata": { "contextLength": 1000 } }], "limit": 100, "offset": 0, "total": 1 }""";
}
