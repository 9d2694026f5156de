<?php
/**
 * Plugin Name: Sanaq
 * Description: Counts visits with Sanaq: no cookies, nothing kept in the browser.
 * Version: 1.0.0
 * Requires at least: 6.3
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Two settings (Settings → General): the address of your Sanaq, and the site's domain as registered there. Whoever may edit posts is
 * not counted.
 */

defined( 'ABSPATH' ) || exit;

add_action( 'admin_init', function () {
	$fields = array(
		'sanaq_url'    => array( 'Sanaq address', 'https://stats.example.kz', 'esc_url_raw' ),
		'sanaq_domain' => array( 'Sanaq domain', (string) wp_parse_url( home_url(), PHP_URL_HOST ), 'sanitize_text_field' ),
	);
	foreach ( $fields as $name => list( $label, $hint, $clean ) ) {
		register_setting( 'general', $name, array( 'type' => 'string', 'sanitize_callback' => $clean, 'default' => '' ) );
		add_settings_field( $name, $label, function () use ( $name, $hint ) {
			printf(
				'<input class="regular-text" name="%1$s" id="%1$s" value="%2$s" placeholder="%3$s">',
				esc_attr( $name ), esc_attr( get_option( $name ) ), esc_attr( $hint )
			);
		}, 'general', 'default', array( 'label_for' => $name ) );
	}
} );

add_action( 'wp_enqueue_scripts', function () {
	$url = untrailingslashit( get_option( 'sanaq_url', '' ) );
	if ( '' === $url || current_user_can( 'edit_posts' ) ) {
		return;
	}
	wp_enqueue_script( 'sanaq', $url . '/js/script.js', array(), null, array( 'strategy' => 'defer', 'in_footer' => false ) );
} );

add_filter( 'wp_script_attributes', function ( $attributes ) {
	if ( isset( $attributes['id'] ) && 'sanaq-js' === $attributes['id'] ) {
		$domain = get_option( 'sanaq_domain', '' );
		$attributes['data-site'] = '' !== $domain ? $domain : (string) wp_parse_url( home_url(), PHP_URL_HOST );
	}
	return $attributes;
} );
