using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Tests.Identity;

/// <summary>One test for each clause of the rule, by its number, with ids that any other reading of the clause gets wrong.</summary>
public sealed class ModelIdentityTests
{
    [Theory]
    [InlineData("ｇｐｔ－４ｏ", "4o-gpt|")] // full width
    [InlineData("qwen\u00A03", "qwen|3")] // a space that does not break
    [InlineData("llama²", "llama|2")]
    [InlineData("ﬁnch-7b", "7b-finch|")]
    [InlineData("kimi\u2013k2", "kimi\u2013k|2")] // a dash that is no hyphen stays one
    public void ID_1_characters_count_in_their_compatible_form(string id, string key) => AssertKey(key, id);

    [Fact]
    public void ID_1_white_space_around_an_id_does_not_count() => AssertKey("4o-gpt|", " gpt-4o:free\t", "free");

    [Theory]
    [InlineData("GPT-4O", "4o-gpt|")]
    [InlineData("ÉCLAIR", "éclair|")]
    public void ID_1_case_does_not_count(string id, string key) => AssertKey(key, id);

    [Fact]
    public void ID_1_a_leading_tilde_is_dropped() => AssertKey("gpt-latest|", "~gpt-latest");

    [Fact]
    public void ID_1_only_one_tilde_and_only_a_leading_one() => AssertKey("gpt-~x|", "~~x-gpt");

    [Fact]
    public void ID_1_a_trailing_slash_is_dropped() => AssertKey("4o-gpt|", "openai/gpt-4o/");

    [Theory]
    [InlineData("a/b/c/llama-8b", "8b-llama|")]
    [InlineData("workers-ai/@cf/meta/llama-8b", "8b-llama|")]
    public void ID_2_what_stands_before_the_last_slash_is_not_the_model(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("claude-haiku-4-5@20251001", "claude-haiku|4.5", "20251001")]
    [InlineData("claude-haiku-4-5@default", "claude-haiku|4.5", null)]
    [InlineData("claude-haiku@a@b", "claude-haiku|", null)]
    [InlineData("@claude-haiku", "@claude-haiku|", null)]
    public void ID_3_an_id_ends_at_its_first_at_unless_it_begins_with_it(string id, string key, string? version) =>
        AssertKey(key, id, version: version);

    [Theory]
    [InlineData("claude-haiku-v1:0", "claude-haiku|", null)]
    [InlineData("claude-haiku-v12:34", "claude-haiku|", null)]
    [InlineData("claude-v1:0-x", "claude-v|1", "0-x")] // not at the end
    [InlineData("claude-v1", "claude-v|1", null)]
    public void ID_3_a_revision_of_bedrock_is_dropped_at_the_end(string id, string key, string? variant) => AssertKey(key, id, variant);

    [Theory]
    [InlineData("gpt-oss:20b", "20b-gpt-oss|")]
    [InlineData("gpt-oss:120b", "120b-gpt-oss|")]
    [InlineData("smollm:135m", "135m-smollm|")]
    [InlineData("qwen3:1.7b", "1p-7b-qwen|3")]
    [InlineData("qwen3:8b-instruct", "8b-instruct-qwen|3")]
    public void ID_4_a_size_behind_a_colon_belongs_to_the_model(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("gpt-oss-120b:free", "120b-gpt-oss|", "free")]
    [InlineData("claude-opus-4.6:thinking:low", "claude-opus|4.6", "thinking:low")]
    [InlineData("qwen-plus-2025-07-28:thinking", "plus-qwen|", "thinking")]
    [InlineData("llama:8bit", "llama|", "8bit")]
    [InlineData("llama:8", "llama|", "8")]
    [InlineData("llama:x8b", "llama|", "x8b")]
    [InlineData("llama:1t", "llama|", "1t")]
    [InlineData("llama:", "llama|", null)]
    public void ID_4_anything_else_behind_the_first_colon_is_the_variant(string id, string key, string? variant)
    {
        var identity = ModelIdentity.Of(id, "p");
        Assert.Equal((key, variant), (identity.Key, identity.Variant));
    }

    [Theory]
    [InlineData("us-gov.")]
    [InlineData("us.")]
    [InlineData("eu.")]
    [InlineData("apac.")]
    [InlineData("ap.")]
    [InlineData("jp.")]
    [InlineData("au.")]
    [InlineData("ca.")]
    [InlineData("sa.")]
    [InlineData("global.")]
    public void ID_5_one_region_in_front_is_dropped(string region)
    {
        AssertKey("r-x|1", $"{region}r1-x");
        AssertKey("r-us-x|1", $"{region}us.r1-x");
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("amazon")]
    [InlineData("meta")]
    [InlineData("mistral")]
    [InlineData("cohere")]
    [InlineData("deepseek")]
    [InlineData("qwen")]
    [InlineData("openai")]
    [InlineData("google")]
    [InlineData("nvidia")]
    [InlineData("minimax")]
    [InlineData("moonshot")]
    [InlineData("moonshotai")]
    [InlineData("zai")]
    [InlineData("ai21")]
    [InlineData("stability")]
    [InlineData("twelvelabs")]
    [InlineData("writer")]
    [InlineData("xai")]
    [InlineData("perplexity")]
    public void ID_5_one_vendor_before_a_letter_is_dropped(string vendor)
    {
        AssertKey("r-x|1", $"{vendor}.r1-x");
        AssertKey("r-x|1", $"eu.{vendor}.r1-x");
        AssertKey("meta-r|1", $"{vendor}.meta.r1");
    }

    [Theory]
    [InlineData("qwen.3-max", "max-qwen|3")] // a digit follows: it is the model's own name
    [InlineData("acme.r1", "acme-r|1")]
    [InlineData("anthropic-r1", "anthropic-r|1")]
    public void ID_5_what_only_looks_like_a_vendor_stays(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("qwen3-1.7b", "1p-7b-qwen|3")]
    [InlineData("qwen3.1-7b", "7b-qwen|3.1")]
    [InlineData("smollm-1.7m", "1p-7m-smollm|")]
    [InlineData("kimi-1.5t", "1p-5t-kimi|")]
    [InlineData("qwen-1.7b-q", "1p-7b-q-qwen|")]
    [InlineData("qwen-1.7b_q", "1p-7b-q-qwen|")]
    [InlineData("qwen-1.7b.q", "1p-7b-q-qwen|")]
    [InlineData("qwen-1.7b q", "1p-7b-q-qwen|")]
    [InlineData("qwen-1.7bx", "7bx-qwen|1")]
    [InlineData("qwen-1.7k", "7k-qwen|1")]
    [InlineData("v3.1.7b", "7b-v|3.1")] // the 1 follows a dot
    [InlineData("v3.12.5b", "5b-v|3.12")] // and the 2 a digit
    [InlineData("qwen-10.25b", "10p-25b-qwen|")]
    public void ID_6_a_decimal_size_is_one_word(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("gpt 4_o.mini", "gpt-mini-o|4")]
    [InlineData("gpt--4 _.o", "gpt-o|4")]
    [InlineData(".gpt-4o_", "4o-gpt|")]
    [InlineData("llama-fp8_", "llama|")] // what ends in a hyphen would hide how it is packed
    [InlineData("llama-fp8--tee", "llama|")] // and so would two
    public void ID_6_spaces_dots_and_underscores_are_hyphens(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("fp8")]
    [InlineData("fp4")]
    [InlineData("nvfp4")]
    [InlineData("mxfp4")]
    [InlineData("bf16")]
    [InlineData("int4")]
    [InlineData("int8")]
    [InlineData("awq")]
    [InlineData("gptq")]
    [InlineData("gguf")]
    [InlineData("tee")]
    [InlineData("maas")]
    [InlineData("free")]
    [InlineData("batch")]
    [InlineData("original")]
    public void ID_7_how_it_is_packed_is_dropped_at_the_end(string packing)
    {
        AssertKey("llama|4", $"llama-4-{packing}");
        Assert.NotEqual("llama-x|4", ModelIdentity.Of($"llama-4-{packing}-x", "p").Key);
    }

    [Theory]
    [InlineData("gpt-4o-2024-05-13", "4o-gpt|", "20240513")]
    [InlineData("claude-3-5-sonnet-20241022", "claude-sonnet|3.5", "20241022")]
    [InlineData("claude-20241022-x", "claude-x|20241022", null)]
    public void ID_7_a_full_date_at_the_end_is_the_version(string id, string key, string? version) => AssertKey(key, id, version: version);

    [Theory]
    [InlineData("llama-4-fp8-20250101-tee", "llama|4", "20250101")]
    [InlineData("llama-4-20250101-maas-original", "llama|4", "20250101")]
    [InlineData("llama-4-2025-01-01-20260202", "llama|4", "20260202")]
    public void ID_7_is_repeated_until_nothing_is_left_to_drop(string id, string key, string? version) => AssertKey(key, id, version: version);

    [Theory]
    [InlineData("deepseek-r1-0528", "deepseek-r|1.0528")]
    [InlineData("kimi-k2-0905", "k-kimi|2.0905")]
    [InlineData("qwen3-235b-a22b-thinking-2507", "22b-235b-a-qwen-thinking|3.2507")]
    public void ID_7_four_digits_are_other_weights(string id, string key) => AssertKey(key, id);

    [Fact]
    public void ID_8_punctuation_is_removed() => AssertKey("llama-new|4", "llama-4-(n'e\"w,`)");

    [Theory]
    [InlineData("gpt-35-turbo", "gpt-turbo|3.5")]
    [InlineData("gpt-35", "gpt|3.5")]
    [InlineData("gpt-350m", "350m-gpt|")]
    public void ID_8_azure_writes_35_for_3_5(string id, string key) => AssertKey(key, id);

    [Theory]
    [InlineData("qwen3", "qwen|3")]
    [InlineData("llama4x", "4x-llama|")] // no hyphen between a digit and a letter
    public void ID_8_a_digit_after_a_letter_begins_a_token(string id, string key) => AssertKey(key, id);

    [Fact]
    public void ID_8_numbers_keep_their_order() => AssertKey("claude|4.1", "claude-4-1");

    [Fact]
    public void ID_8_numbers_in_another_order_are_another_model() =>
        Assert.NotEqual(ModelIdentity.Of("claude-4-1", "p"), ModelIdentity.Of("claude-1-4", "p"));

    [Fact]
    public void ID_8_words_are_sorted_by_their_bytes() => AssertKey("9b-a-zz-é|", "zz-é-a-9b");

    [Fact]
    public void ID_8_it_means_instruct() => AssertKey("9b-gemma-instruct|2", "gemma-2-9b-it");

    [Theory]
    [InlineData("auto", "acme/auto|")]
    [InlineData("auto-beta", "acme/auto-beta|")]
    [InlineData("beta-auto", "acme/auto-beta|")]
    [InlineData("default", "acme/default|")]
    [InlineData("free", "acme/free|")]
    [InlineData("router", "acme/router|")]
    [InlineData("latest", "acme/latest|")]
    [InlineData("fusion", "acme/fusion|")]
    [InlineData("bodybuilder", "acme/bodybuilder|")]
    [InlineData("pareto-code", "acme/code-pareto|")]
    [InlineData("autos", "autos|")]
    public void ID_9_what_means_something_only_at_its_provider_carries_it(string id, string key) => AssertKey(key, id, provider: "acme");

    [Fact]
    public void ID_9_any_other_key_is_the_same_everywhere() =>
        Assert.Equal(ModelIdentity.Of("gpt-4o", "a").Key, ModelIdentity.Of("gpt-4o", "b").Key);

    private static void AssertKey(string key, string id, string? variant = null, string? version = null, string provider = "p") =>
        Assert.Equal(new ModelIdentity(key, variant, version), ModelIdentity.Of(id, provider));
}
