using System.Globalization;

namespace Sluice.Benchmarks.Sync;

/// <summary>Made-up lists in the shapes and sizes of the real ones: 5,276, 421, 589, 1,000 and 15,698 rows, or so many times more; or the real ones.</summary>
internal static class SyncLists
{
    public const int ModelsDevRows = 5_276;
    public const int FeatherlessRows = 15_698;
    private const int Providers = 147;

    // In the real list 1,533 models have 5,276 offers.
    private const int OffersOfAModel = 3;
    private const int OpenRouterRows = 421;
    private const int BenchmarkRows = 589;
    private const int PopularityRows = 1_000;

    // As long as the real rows are: nearly half a kilobyte, one and a half, a little over one.
    private static readonly string Description = new('x', 1_000);

    /// <summary>Writes the lists as files that a server sends, and returns their folder.</summary>
    public static string Write(string folder, int times)
    {
        Directory.CreateDirectory(folder);
        Rows("modelsdev", "{", "}", Providers, provider => ModelsDev(provider, times));
        // Where weights lie, beside it: of the models that providers share every third is open.
        Rows("models.json", "{", "}", ModelsDevRows * times / OffersOfAModel, n =>
            $$"""
            "lab{{n % 40}}/model-{{n}}":{"id":"lab{{n % 40}}/model-{{n}}","name":"Model {{n}}","family":"model","attachment":true,"reasoning":true,"tool_call":true,"temperature":true,"knowledge":"2025-01","release_date":"2025-06-17","last_updated":"2025-06-17","modalities":{"input":["text","image"],"output":["text"]},"open_weights":{{(n % 3 == 0 ? "true" : "false")}},"limit":{"context":1048576,"output":65536},"weights":[{{(n % 3 == 0 ? $$"""{"url":"https://huggingface.co/lab{{n % 40}}/Weights-{{n}}"}""" : "")}}]}
            """);
        Rows("openrouter", "{\"data\":[", "],\"links\":{\"next\":null}}", OpenRouterRows * times, n =>
            $$"""{"id":"lab{{n % 40}}/model-{{n}}-{{n % 7}}b","name":"Model {{n}}","created":1780000000,"description":"{{Description}}","context_length":128000,"architecture":{"input_modalities":["text"],"output_modalities":["text"]},"pricing":{"prompt":"{{Price(n, 1e-6m)}}","completion":"{{Price(n + 1, 1e-6m)}}"},"top_provider":{"max_completion_tokens":8000},"hugging_face_id":""}""");
        Rows("analysis", "{\"data\":[", "]}", BenchmarkRows * times, n =>
            $$"""{"id":"{{n:x8}}-8646-45b8-8082-7aaf6c2ea82a","name":"Model {{n}} (high)","slug":"model-{{n}}","model_creator":{"slug":"lab"},"evaluations":{"artificial_analysis_intelligence_index":{{n % 70}}.5,"note":"{{Description}}"},"pricing":{"price_1m_input_tokens":{{Price(n, 1)}},"price_1m_output_tokens":1},"median_output_tokens_per_second":100.5}""");
        Rows("popularity", "[", "]", PopularityRows * times, n =>
            $$"""{"_id":"caed228cbbd40cdaf190e3fe","id":"lab{{n % 40}}/Model-{{n}}","likes":{{n}},"private":false,"downloads":{{n * 1000}},"tags":["transformers","region:us"],"createdAt":"2022-03-02T23:29:04.000Z","modelId":"lab/Model-{{n}}"}""");
        Rows("featherless", "{\"data\":[", "]}", FeatherlessRows * times, n =>
            $$"""{"id":"owner{{n % 900}}/Tuned-Model-{{n}}-8B","is_gated":false,"created":{{1_719_250_778 + n}},"model_class":"llama3-8b","owned_by":"Feather","context_length":8192,"max_completion_tokens":4096,"features":{"tool_use":true},"available_on_current_plan":true}""");
        return folder;

        // Piece by piece: this process's memory is measured.
        void Rows(string name, string start, string end, int count, Func<int, string> row)
        {
            using var file = File.CreateText(Path.Combine(folder, name));
            file.Write(start);
            for (var n = 0; n < count; n++)
            {
                file.Write(n == 0 ? "" : ",");
                file.Write(row(n));
            }

            file.Write(end);
        }
    }

    /// <summary>Puts recorded lists in the place of the made-up ones that are as long.</summary>
    /// <param name="folder">Where the made-up ones are.</param>
    /// <param name="recorded">Where the recorded ones are.</param>
    public static void Replace(string folder, string recorded)
    {
        foreach (var (name, file) in new[]
        {
            ("modelsdev", "models_dev_api"), ("openrouter", "openrouter_models"), ("analysis", "artificial_analysis_models"),
            ("popularity", "huggingface_models"), ("featherless", "featherless_models"),
        })
        {
            // The contents alone: the recorded files may be read-only.
            File.WriteAllBytes(Path.Combine(folder, name), File.ReadAllBytes(Path.Combine(recorded, $"{file}.json")));
        }
    }

    private static string ModelsDev(int provider, int times)
    {
        var rows = Enumerable.Range(0, ModelsDevRows * times).Where(n => n % Providers == provider).Select(n => n / OffersOfAModel).Select(n =>
            $$"""
            "model-{{n}}":{"id":"model-{{n}}","name":"Model {{n}}","family":"model","attachment":true,"reasoning":true,"tool_call":true,"temperature":true,"knowledge":"2025-01","release_date":"2025-06-17","last_updated":"2025-06-17","modalities":{"input":["text","image"],"output":["text"]},"open_weights":false,"limit":{"context":1048576,"output":65536},"cost":{"input":{{Price(n, 1)}},"output":{{Price(n + 1, 1)}},"cache_read":0.125} }
            """);
        return $"\"provider-{provider}\":{{\"id\":\"provider-{provider}\",\"models\":{{{string.Join(',', rows)}}}}}";
    }

    private static string Price(int n, decimal unit) => ((1 + n % 50 * 0.25m) * unit).ToString(CultureInfo.InvariantCulture);
}
